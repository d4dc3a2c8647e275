export { crc32, murmurToken } from './hash.js';
