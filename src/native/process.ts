// What Node does not offer of the operating system.
import { addon } from './binding.js';

/**
 * Takes an exclusive lock on a file (made when it is not there): its descriptor, null when another process holds it. The lock ends with the
 * process. @throws Error with code EACCES, EROFS or EIO when the file cannot be opened
 */
export const lockFile = addon.lockFile as (path: string) => number | null;

/** Runs the calling thread on one core. False when the system does not offer that, or not that core. */
export const pinThread = addon.pinThread as (core: number) => boolean;

/** The cores that this process may use; empty when the system does not say. */
export const cores = addon.cores as () => number[];
