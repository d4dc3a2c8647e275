// A cache of what system_auth says: entries are read again when they are older than the update interval, and not used when they are older
// than the validity. Source: Cassandra's AuthCache, with its options.

export type AuthCacheOptions = {
  /** Milliseconds that an entry may be used; 0 switches the cache off. */
  readonly validityMs: number;
  /** Milliseconds after which a used entry is read again in the background; 0 for the validity. */
  readonly updateIntervalMs: number;
  readonly maxEntries: number;
  /** Reads all entries again every update interval, not only those that are used. */
  readonly activeUpdate: boolean;
};

type Entry<V> = { readonly value: V; readonly atMs: number };

export class AuthCache<V> {
  readonly #load: (key: string) => Promise<V>;
  readonly #options: AuthCacheOptions;
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry<V>>();
  readonly #loading = new Map<string, Promise<V>>();
  readonly #timer: NodeJS.Timeout | null = null;
  /** Of what was known; a read that began under an earlier one is not kept. */
  #generation = 0;

  /** @param nowMs  monotonic milliseconds */
  constructor(load: (key: string) => Promise<V>, options: AuthCacheOptions, nowMs: () => number) {
    this.#load = load;
    this.#options = options;
    this.#nowMs = nowMs;
    if (!options.activeUpdate || options.validityMs === 0) return;
    this.#timer = setInterval(() => {
      for (const key of this.#entries.keys()) void this.#read(key).catch(() => this.#entries.delete(key));
    }, this.#updateMs);
    this.#timer.unref();
  }

  get validityMs(): number {
    return this.#options.validityMs;
  }

  get #updateMs(): number {
    return this.#options.updateIntervalMs === 0 ? this.#options.validityMs : this.#options.updateIntervalMs;
  }

  /** The value when it is known and young enough. */
  peek(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const age = this.#nowMs() - entry.atMs;
    if (age >= this.#options.validityMs) {
      this.#entries.delete(key);
      return undefined;
    }
    if (age >= this.#updateMs) void this.#read(key).catch(() => {});
    return entry.value;
  }

  /** @throws what the read throws */
  async get(key: string): Promise<V> {
    const known = this.peek(key);
    return known === undefined ? this.#read(key) : known;
  }

  invalidate(key?: string): void {
    this.#generation++;
    this.#loading.clear();
    if (key === undefined) this.#entries.clear();
    else this.#entries.delete(key);
  }

  keys(): string[] {
    return [...this.#entries.keys()];
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #read(key: string): Promise<V> {
    let reading = this.#loading.get(key);
    if (reading === undefined) {
      reading = this.#readNow(key);
      this.#loading.set(key, reading);
    }
    return reading;
  }

  async #readNow(key: string): Promise<V> {
    const generation = this.#generation;
    // Before the read: what changes during it is older than the entry says, not younger.
    const atMs = this.#nowMs();
    try {
      const value = await this.#load(key);
      if (generation === this.#generation && this.#options.validityMs > 0) this.#keep(key, { value, atMs });
      return value;
    } finally {
      if (generation === this.#generation) this.#loading.delete(key);
    }
  }

  #keep(key: string, entry: Entry<V>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#options.maxEntries) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
