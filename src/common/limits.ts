// Every bound of the process that is not configuration, in one file.

/** Levels of nesting in a statement: parentheses, collections, types, function calls. */
export const parserDepthMax = 250;
