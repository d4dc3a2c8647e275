// Texts of ids that come again and again, which cost more than the look at a table.
import { equalBytes } from './bytes.js';

const places = 256;

export class IdTexts {
  /** By their first byte. */
  readonly #known: ({ readonly id: Uint8Array; readonly text: string } | undefined)[] = new Array(places);

  constructor(private readonly textOf: (id: Uint8Array) => string) {}

  of(id: Uint8Array): string {
    const place = id[0] ?? 0;
    const known = this.#known[place];
    if (known !== undefined && equalBytes(known.id, id)) return known.text;
    const text = this.textOf(id);
    this.#known[place] = { id: id.slice(), text };
    return text;
  }
}
