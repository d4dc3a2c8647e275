// Bounds of what one statement asks of the coordinator at a time.

/** Soft limit of one read's answer, in bytes. */
export const readBytesMax = 1 << 20;
/** Partitions of one IN that are read at the same time. */
export const keysInFlightMax = 16;
/** Rows that a statement which computes asks for at a time. */
export const computeRowsMax = 5000;
/** Rows that storage folds into one answer of an aggregating statement: more work than others, a small answer. */
export const foldRowsMax = 200_000;
