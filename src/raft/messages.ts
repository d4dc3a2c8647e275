// What main and the raft thread say to each other. Errors cross as code and message.
import type { ErrorCode } from '../common/errors.js';
import type { Command, LogEntry, Restored } from './consensus.js';

export type RaftRequest =
  | { readonly kind: 'open'; readonly requestId: number }
  | { readonly kind: 'propose'; readonly requestId: number; readonly command: Command }
  | { readonly kind: 'snapshot'; readonly requestId: number; readonly state: unknown; readonly index: number }
  | { readonly kind: 'stop'; readonly requestId: number };

export type RaftReply =
  /** Before the reply to the proposal that made them. */
  | { readonly kind: 'committed'; readonly entries: readonly LogEntry[]; readonly logBytes: number }
  | { readonly kind: 'done'; readonly requestId: number; readonly value: Restored | number | null; logBytes: number }
  | { readonly kind: 'failed'; readonly requestId: number; readonly code: ErrorCode; readonly message: string };

export type RaftWorkerData = { readonly folder: string };
