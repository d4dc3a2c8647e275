// LIKE: `text%`, `%text`, `%text%` and `text`. A percent sign elsewhere stands for itself, as in Cassandra.
import { invalid } from '../../common/errors.js';

const percent = 0x25;

export type LikePattern = {
  readonly mode: 'prefix' | 'suffix' | 'contains' | 'matches';
  /** UTF-8, without the percent signs. */
  readonly text: Uint8Array;
};

/** @throws FerrosaError INVALID for a pattern of nothing but percent signs. Source: SingleColumnRestriction.LikeRestriction */
export function likePattern(value: Uint8Array): LikePattern {
  const starts = value[0] === percent;
  const ends = value.length > 1 && value[value.length - 1] === percent;
  const text = value.subarray(starts ? 1 : 0, ends ? value.length - 1 : value.length);
  if (text.length === 0) throw invalid("LIKE value can't be empty.");
  const mode = starts ? (ends ? 'contains' : 'suffix') : ends ? 'prefix' : 'matches';
  return { mode, text };
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Whether a value matches: of UTF-8, what holds of its bytes holds of its characters. */
export function matchesLike({ mode, text }: LikePattern): (value: Uint8Array) => boolean {
  switch (mode) {
    case 'prefix':
      return (value) => value.length >= text.length && Buffer.compare(value.subarray(0, text.length), text) === 0;
    case 'suffix':
      return (value) =>
        value.length >= text.length && Buffer.compare(value.subarray(value.length - text.length), text) === 0;
    case 'contains':
      return (value) => bufferOf(value).includes(bufferOf(text));
    case 'matches':
      return (value) => Buffer.compare(value, text) === 0;
  }
}

/** The first value behind all that begin with `prefix`, in the order of bytes; null when there is none. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | null {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  if (end === 0) return null;
  const after = new Uint8Array(prefix.subarray(0, end));
  after[end - 1]! += 1;
  return after;
}
