// Ids of tables: the 16 bytes of mutations, and the text of the catalogue.
import { IdTexts } from '../common/id-texts.js';
import { formatUuid } from '../types/index.js';

const texts = new IdTexts(formatUuid);

export const uuidText = (bytes: Uint8Array): string => texts.of(bytes);

/** 16 bytes. */
export const idBytes = (id: string): Uint8Array => new Uint8Array(Buffer.from(id.replaceAll('-', ''), 'hex'));

/** Of two ids in bytes. */
export function sameId(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) if (a[i] !== b[i]) return false;
  return true;
}
