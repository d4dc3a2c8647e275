// Whether a node under the same kind of load keeps more and more memory. A collector lets it swing: what the second half needs at least and
// in the middle is set beside the same of the first.
import { readFileSync } from 'node:fs';

const samplesMax = 40;
/** Fewer inputs are over before caches are full. */
const inputsMin = 20_000;
const growthMax = 1.2;
const growthBytesMax = 24 * 2 ** 20;

export class MemoryWatch {
  readonly #bytes: number[] = [];

  /** @param inputs  how many there will be */
  constructor(
    private readonly pid: number,
    private readonly inputs: number,
  ) {}

  /** Looks now and then. @param done  inputs so far */
  at(done: number): void {
    if (done < (this.inputs * (this.#bytes.length + 1)) / samplesMax) return;
    this.#bytes.push(allocatedBytes(this.pid));
    if (this.#bytes.length % (samplesMax / 8) === 0)
      console.log(`${done} inputs, ${mebi(this.#bytes.at(-1)!)} allocated`);
  }

  /** The first fifth fills caches and is left out. */
  get #halves(): [number[], number[]] {
    const warm = this.#bytes.slice(samplesMax / 5);
    const half = warm.length >> 1;
    const sorted = (part: number[]) => part.toSorted((a, b) => a - b);
    return [sorted(warm.slice(0, half)), sorted(warm.slice(half))];
  }

  /** Both the least and the middle of the second half are well above those of the first. */
  get hasGrown(): boolean {
    if (this.inputs < inputsMin) return false;
    const [first, second] = this.#halves;
    const grew = (before: number, after: number) => after > before * growthMax + growthBytesMax;
    return grew(first[0]!, second[0]!) && grew(middle(first), middle(second));
  }

  toString(): string {
    const [first, second] = this.#halves;
    const text = (part: number[]) => (part.length === 0 ? 'unknown' : `${mebi(part[0]!)} to ${mebi(part.at(-1)!)}`);
    return `allocated: ${text(first)} in the first half, ${text(second)} in the second`;
  }
}

const middle = (sorted: number[]): number => sorted[sorted.length >> 1]!;
const mebi = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** Resident, without the pages of mapped files: the commit log fills those up to its own bound. */
function allocatedBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
