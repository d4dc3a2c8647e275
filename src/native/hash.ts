// Token and checksums, computed by the addon.
import { addon } from './binding.js';

/** The Murmur3Partitioner token of a serialized partition key. */
export const murmurToken = addon.murmurToken as (key: Uint8Array) => bigint;

/** zlib's CRC-32 of `bytes`, continued from `start` (0 when left out). */
export const crc32 = addon.crc32 as (bytes: Uint8Array, start?: number) => number;
