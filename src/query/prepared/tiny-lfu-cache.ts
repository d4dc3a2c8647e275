// A cache bounded by weight that keeps what is asked for often: W-TinyLFU (Einziger, Friedman, Manes 2017). New entries
// go through a small LRU window; on their way out they compete with the oldest of the main part by frequency.
import { FrequencySketch } from './frequency-sketch.js';

type Entry<V> = { readonly key: string; value: V; weight: number; readonly hash: number };

/** Share of the weight that new entries get without competing. */
const windowShare = 0.01;
/** Share of the main part that entries with more than one hit may have. */
const protectedShare = 0.8;

export class TinyLfuCache<V> {
  // Maps keep insertion order: the first is the least recently used.
  readonly #window = new Map<string, Entry<V>>();
  readonly #probation = new Map<string, Entry<V>>();
  readonly #protected = new Map<string, Entry<V>>();
  readonly #sketch: FrequencySketch;
  readonly #windowMax: number;
  readonly #protectedMax: number;
  #windowWeight = 0;
  #probationWeight = 0;
  #protectedWeight = 0;
  #evictions = 0;

  /**
   * @param weightMax  total weight of the entries
   * @param onEvict  called for each entry that goes for lack of room (not for `delete`)
   */
  constructor(
    readonly weightMax: number,
    private readonly onEvict: (key: string, value: V) => void = () => {},
    expectedEntries = 4096,
  ) {
    this.#sketch = new FrequencySketch(expectedEntries);
    this.#windowMax = Math.max(1, Math.floor(weightMax * windowShare));
    this.#protectedMax = Math.floor((weightMax - this.#windowMax) * protectedShare);
  }

  get size(): number {
    return this.#window.size + this.#probation.size + this.#protected.size;
  }

  get weight(): number {
    return this.#windowWeight + this.#probationWeight + this.#protectedWeight;
  }

  /** Entries thrown out for lack of room since the start. */
  get evictions(): number {
    return this.#evictions;
  }

  get(key: string): V | undefined {
    const inProtected = this.#protected.get(key);
    if (inProtected !== undefined) {
      this.#sketch.increment(inProtected.hash);
      this.#protected.delete(key);
      this.#protected.set(key, inProtected);
      return inProtected.value;
    }
    const inProbation = this.#probation.get(key);
    if (inProbation !== undefined) {
      this.#sketch.increment(inProbation.hash);
      this.#promote(inProbation);
      return inProbation.value;
    }
    const inWindow = this.#window.get(key);
    if (inWindow === undefined) {
      this.#sketch.increment(hashOf(key));
      return undefined;
    }
    this.#sketch.increment(inWindow.hash);
    this.#window.delete(key);
    this.#window.set(key, inWindow);
    return inWindow.value;
  }

  /** Without counting as a use. */
  peek(key: string): V | undefined {
    return (this.#protected.get(key) ?? this.#probation.get(key) ?? this.#window.get(key))?.value;
  }

  set(key: string, value: V, weight: number): void {
    this.delete(key);
    const entry: Entry<V> = { key, value, weight, hash: hashOf(key) };
    this.#sketch.increment(entry.hash);
    this.#window.set(key, entry);
    this.#windowWeight += weight;
    this.#shrink(key);
  }

  delete(key: string): boolean {
    const inWindow = this.#window.get(key);
    if (inWindow !== undefined) {
      this.#window.delete(key);
      this.#windowWeight -= inWindow.weight;
      return true;
    }
    const inProbation = this.#probation.get(key);
    if (inProbation !== undefined) {
      this.#probation.delete(key);
      this.#probationWeight -= inProbation.weight;
      return true;
    }
    const inProtected = this.#protected.get(key);
    if (inProtected === undefined) return false;
    this.#protected.delete(key);
    this.#protectedWeight -= inProtected.weight;
    return true;
  }

  *entries(): Generator<[string, V]> {
    for (const part of [this.#window, this.#probation, this.#protected])
      for (const [key, entry] of part) yield [key, entry.value];
  }

  #promote(entry: Entry<V>): void {
    this.#probation.delete(entry.key);
    this.#probationWeight -= entry.weight;
    this.#protected.set(entry.key, entry);
    this.#protectedWeight += entry.weight;
    while (this.#protectedWeight > this.#protectedMax) {
      const oldest = first(this.#protected);
      if (oldest === undefined || oldest === entry) break;
      this.#protected.delete(oldest.key);
      this.#protectedWeight -= oldest.weight;
      this.#probation.set(oldest.key, oldest);
      this.#probationWeight += oldest.weight;
    }
  }

  /** `newest` was just added: it stays in the window even when it is heavier than that, unless nothing else is left. */
  #shrink(newest: string): void {
    while (this.#windowWeight > this.#windowMax) {
      const oldest = first(this.#window);
      if (oldest === undefined || (oldest.key === newest && this.weight <= this.weightMax)) break;
      this.#window.delete(oldest.key);
      this.#windowWeight -= oldest.weight;
      this.#admit(oldest);
    }
  }

  #admit(candidate: Entry<V>): void {
    this.#probation.set(candidate.key, candidate);
    this.#probationWeight += candidate.weight;
    while (this.weight > this.weightMax) {
      const victim = first(this.#probation);
      const pick = victim === undefined || victim === candidate ? (first(this.#protected) ?? candidate) : victim;
      const loser = this.#sketch.frequency(candidate.hash) > this.#sketch.frequency(pick.hash) ? pick : candidate;
      this.#evict(loser);
      if (loser === candidate) break;
    }
  }

  #evict(entry: Entry<V>): void {
    this.delete(entry.key);
    this.#evictions++;
    this.onEvict(entry.key, entry.value);
  }
}

function first<V>(map: Map<string, Entry<V>>): Entry<V> | undefined {
  for (const entry of map.values()) return entry;
  return undefined;
}

/** FNV-1a. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
