export type * from './ast.js';
export { isReservedWord, quoteName } from './keywords.js';
export { parseStatement } from './parser.js';
export { termText, tupleText, typeNodeText } from './text.js';
