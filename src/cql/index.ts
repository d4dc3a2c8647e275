export type * from './ast.js';
export { fingerprintOf, withMarkers } from './fingerprint.js';
export { isReservedWord, quoteName } from './keywords.js';
export { parseStatement } from './parser.js';
export { withoutPassword } from './password-text.js';
export { parseWhereText } from './relation-parser.js';
export { termText, tupleText, typeNodeText } from './text.js';
