// Every bound of the process that is not configuration, in one file.

/** Levels of nesting in a statement: parentheses, collections, types, function calls. */
export const parserDepthMax = 250;
/** Arithmetic operators in one statement: a chain of them is a tree as deep as it is long. Cassandra's stack ends between 500 and 1,000. */
export const parserOperatorsMax = 1000;

/** Bytes of one record of the metadata log: the largest command, such as a table with many columns. */
export const metadataRecordBytesMax = 64 * 1024 * 1024;
/** Bytes of log after which a snapshot takes its place: replaying that much takes a few milliseconds. */
export const metadataLogBytesMax = 1024 * 1024;
/** Changes of the schema that wait for the one before them. */
export const metadataChangesPendingMax = 1024;

/** Operations that wait for another one of the same partition (conditional updates): of one partition, of all. */
export const partitionWaitersMax = 4096;
export const waitersMax = 65_536;

/** Batches of calls of user-defined functions that wait for a thread. */
export const userFunctionJobsMax = 16_384;
/** Bytes of arguments that a thread of functions gets at a time. */
export const userFunctionJobsBytes = 1024 * 1024;
/** Calls of a function that go to its thread as one message. */
export const userFunctionCallsMax = 1_024;

/** Rows of a base table that one write may change when materialized views follow it: their old and new state is held in memory. */
export const viewRowsPerWriteMax = 100_000;

/** Words, phrases and operators of one full-text search. */
export const fulltextQueryNodesMax = 1_024;

/** Entries that one full-text search reads: they are held in memory until it has ranked them. */
export const fulltextPostingsMax = 5_000_000;

/** Writes that could not be finished and are tried again every second: what is beyond that waits in system.batches for the next start. */
export const unfinishedWritesMax = 4_096;
/** Of these, how many are tried at a time. */
export const unfinishedWritesAtATime = 16;
