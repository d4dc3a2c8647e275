// What Node does not offer of the operating system.
import { addon } from './binding.js';

/**
 * Takes an exclusive lock on a file (made when it is not there): its descriptor, null when another process holds it. The lock ends with the
 * process. @throws Error with code EACCES, EROFS or EIO when the file cannot be opened
 */
export const lockFile = addon.lockFile as (path: string) => number | null;

/** Runs the calling thread on one core. False when the system does not offer that, or not that core. */
export const pinThread = addon.pinThread as (core: number) => boolean;

/**
 * How long the calling thread wants to run at a time, in microseconds (100 at least; 0: what the system likes): who asks for little runs
 * soon after it is woken, also while another thread runs. Its share of the core stays the same. False where the system does not know it.
 */
export const askForSlices = addon.askForSlices as (micros: number) => boolean;

/** The cores that this process may use; empty when the system does not say. */
export const cores = addon.cores as () => number[];

/** Another descriptor of what `fd` is open on, the caller's to close; null when there is none to have. */
export const duplicateDescriptor = addon.duplicateDescriptor as (fd: number) => number | null;

/**
 * Sends what a socket takes at once of the bytes from `start` to `end`, without blocking. Returns how many it took: 0 also after an error,
 * which the next use of the socket's stream meets. REQUIRES: the stream has nothing to send.
 */
export const sendNow = addon.sendNow as (fd: number, bytes: Uint8Array, start: number, end: number) => number;

/**
 * Hands written pages of a file to the disk without waiting for it: what fsync waits for is then less. Nothing is promised of them; does nothing
 * where the system has no such call.
 */
export const beginWriteback = addon.beginWriteback as (fd: number, from: number, bytes: number) => void;

/** Closes a descriptor of `duplicateDescriptor` that nothing has taken over. */
export const closeDescriptor = addon.closeDescriptor as (fd: number) => void;

/**
 * Up to how many bytes in all memtables may have and keep: what a flush frees below that stays for those to come; nothing until this is called.
 * Fresh memory costs the kernel time to zero, in the middle of writes.
 */
export const keepFreedMemory = addon.keepFreedMemory as (bytes: number) => void;

/** Gives back to the system what `keepFreedMemory` has kept. Blocks for some milliseconds when there is much of it. */
export const trimMemtableMemory = addon.trimMemtableMemory as () => void;

/**
 * Gives memory back to the system that was freed and is kept for later, of all threads. Blocks for some milliseconds when there is much of
 * it. False where the allocator has no call for it.
 */
export const trimMemory = addon.trimMemory as () => boolean;
