// How long crash tests look, and what replays one: CRASH_ROUNDS is the number of kills in each mode (default 3, for CI), CRASH_SEED the moments.
import { Prng } from '../support/prng.js';

export const rounds = Number(process.env['CRASH_ROUNDS'] ?? 3);
export const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Numbers from 0 to 1, the same for the same seed. */
export function randomNumbers(): () => number {
  const numbers = new Prng(seed);
  return () => numbers.next() / 2 ** 32;
}
