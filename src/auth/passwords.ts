// Hashes of passwords: argon2id, and the bcrypt that Cassandra has. Both are computed on libuv's threads, not on this one.
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2';
import { hash as bcryptHash, verify as bcryptVerify } from '@node-rs/bcrypt';

export type PasswordHashing = 'argon2id' | 'bcrypt';

/** bcrypt's cost factor, as Cassandra's auth_bcrypt_gensalt_log2_rounds. */
const bcryptCost = 10;
/** argon2id. The first choice of OWASP's cheat sheet for password storage: 19 MiB, two passes. */
const argon2Options = { algorithm: 2, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

/** bcrypt in the form that Cassandra's library reads: its `2a` names the same function as `2b`. */
export async function hashPassword(password: string, hashing: PasswordHashing): Promise<string> {
  if (hashing === 'argon2id') return argon2Hash(password, argon2Options);
  return (await bcryptHash(password, bcryptCost)).replace(/^\$2[bxy]\$/, '$2a$');
}

const isArgon2 = (hash: string): boolean => hash.startsWith('$argon2');

/** A hash that is none is a wrong password. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  try {
    return isArgon2(hash) ? await argon2Verify(hash, password) : await bcryptVerify(password, hash);
  } catch {
    return false;
  }
}

/** What comparing a password with a hash may cost. */
export type HashCostMax = {
  /** The binary logarithm of bcrypt's rounds. */
  readonly bcryptCost: number;
  readonly argon2MemoryBytes: number;
  readonly argon2Passes: number;
};

/** Lanes cost nothing but memory, which has its own bound; more of them than this is no hash that somebody has made. */
const argon2LanesMax = 64;

/** What is too much about a hash, with the setting that says so; null when nothing is. REQUIRES: `isPasswordHash`. */
export function tooCostly(hash: string, max: HashCostMax): string | null {
  if (!isArgon2(hash)) {
    const cost = Number(hash.split('$')[2]);
    if (cost <= max.bcryptCost) return null;
    return `bcrypt with a cost of ${cost}, at most ${max.bcryptCost} (password_hash_bcrypt_cost_max)`;
  }
  const [, memory, passes, lanes] = /\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(hash)!.map(Number);
  const memoryMax = Math.floor(max.argon2MemoryBytes / 1024);
  if (memory! > memoryMax)
    return `argon2 with ${memory} KiB of memory, at most ${memoryMax} (password_hash_argon2_memory_max)`;
  if (passes! > max.argon2Passes)
    return `argon2 with ${passes} passes, at most ${max.argon2Passes} (password_hash_argon2_passes_max)`;
  return lanes! > argon2LanesMax ? `argon2 with ${lanes} lanes, at most ${argon2LanesMax}` : null;
}

/** Whether a password can be compared with it at all. */
export function isPasswordHash(text: string): boolean {
  return (
    /^\$2[abxy]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(text) ||
    /^\$argon2(id|i|d)\$v=19\$m=\d{1,7},t=\d{1,4},p=\d{1,3}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}$/.test(text)
  );
}
