// What a verb of ferrosa-ctl is.
import type { CtlClient } from './ctl-client.js';

/** What a verb gives: `data` for --json, `text` for people. */
export type VerbResult = { readonly data: unknown; readonly text: string };
export type Verb = {
  /** Arguments as the help shows them. */
  readonly usage: string;
  readonly help: string;
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  /** Options of its own, without their dashes, and whether they take a value. */
  readonly options?: Readonly<Record<string, 'value' | 'flag'>>;
  run(client: CtlClient, args: readonly string[], flags: VerbFlags): Promise<VerbResult>;
};
export type VerbFlags = {
  readonly tokens: boolean;
  readonly humanReadable: boolean;
  readonly expand: boolean;
  readonly category: string | null;
  /** Of the verb's own options those that were given; a flag is 'true', values of one that was given more than once are lines. */
  readonly options: ReadonlyMap<string, string>;
  /** For verbs that go on printing. */
  readonly out: (text: string) => void;
};
