// How many answers a consistency level wants, and whether there are that many replicas.
import { FerrosaError } from '../common/errors.js';
import { Consistency, consistencyName } from '../query/index.js';

/** Replicas of a keyspace: how many replication asks for, how many of those are there. */
export type ReplicaCount = (keyspace: string) => { readonly wanted: number; readonly alive: number };

/** Answers that a level waits for, of `wanted` replicas in one data centre. */
export function blockFor(consistency: number, wanted: number): number {
  const quorum = Math.floor(wanted / 2) + 1;
  switch (consistency) {
    case Consistency.TWO:
      return 2;
    case Consistency.THREE:
      return 3;
    case Consistency.QUORUM:
    case Consistency.LOCAL_QUORUM:
    case Consistency.EACH_QUORUM:
    case Consistency.SERIAL:
    case Consistency.LOCAL_SERIAL:
      return quorum;
    case Consistency.ALL:
      return wanted;
    default:
      return 1;
  }
}

/** @throws FerrosaError UNAVAILABLE with what Cassandra tells */
export function checkReplicas(
  { wanted, alive }: { wanted: number; alive: number },
  consistency: number,
  isWrite: boolean,
): void {
  // A write at ANY needs no replica: a hint would do.
  if (isWrite && consistency === Consistency.ANY) return;
  const required = Math.max(1, blockFor(consistency, wanted));
  if (alive >= required) return;
  // What a decision needs is a quorum, and that is how it is told.
  const level =
    consistency === Consistency.SERIAL
      ? Consistency.QUORUM
      : consistency === Consistency.LOCAL_SERIAL
        ? Consistency.LOCAL_QUORUM
        : consistency;
  throw new FerrosaError('UNAVAILABLE', `Cannot achieve consistency level ${consistencyName(level)}`, {
    consistency: level,
    required,
    alive,
  });
}

/** Bit n is set when level n can be run: what hot plans carry. SERIAL levels are for conditional writes and never hot. */
export function satisfiedLevels({ wanted, alive }: { wanted: number; alive: number }): number {
  let bits = 0;
  for (const level of Object.values(Consistency)) {
    if (level === Consistency.SERIAL || level === Consistency.LOCAL_SERIAL || level === Consistency.ANY) continue;
    if (alive >= Math.max(1, blockFor(level, wanted))) bits |= 1 << level;
  }
  return bits;
}
