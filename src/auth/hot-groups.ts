// Which connections the hot path serves without a look at permissions. Each role is a group; a group runs a plan after JavaScript has run
// it once and found it allowed, until roles or permissions change, or what is known of them has to be read again.
import type { ClientState } from '../query/index.js';
import type { AuthCache } from './auth-cache.js';

/** What lets groups run plans, and stops them. */
export interface HotGroupPort {
  /** `id`: of the prepared statement. */
  allow(group: number, id: Uint8Array): void;
  /** Resolves when no group runs any plan on any thread. */
  disallowAll(): Promise<void>;
}

export class HotGroups {
  readonly #groups = new Map<string, number>();
  readonly #keyOf: (client: ClientState) => string;
  readonly #timer: NodeJS.Timeout | null;
  /** Something is allowed since the last `disallowAll`. */
  #isAllowing = false;
  /** The last one. */
  #disallowed: Promise<void> = Promise.resolve();

  /**
   * @param groupsMax  roles beyond are not hot; group 0 is for connections whose permissions nobody looks at
   * @param keyOf  the same for clients that may do the same: their role, and what else that depends on
   * @param caches  what the answers come from: they are asked again when their entries are too old
   */
  constructor(
    private readonly port: HotGroupPort,
    private readonly groupsMax: number,
    caches: readonly Pick<AuthCache<unknown>, 'validityMs'>[],
    keyOf: (client: ClientState) => string,
  ) {
    this.#keyOf = keyOf;
    const validityMs = Math.min(...caches.map((cache) => cache.validityMs));
    this.#timer = validityMs === 0 ? null : setInterval(() => void this.disallowAll(), validityMs);
    this.#timer?.unref();
  }

  /** The group of a client, from 1 on. */
  of(client: ClientState): number {
    const key = this.#keyOf(client);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = this.#groups.size + 1;
      if (group >= this.groupsMax) return this.groupsMax;
      this.#groups.set(key, group);
    }
    return group;
  }

  /** To be called in the turn of the event loop in which the permissions were looked at. */
  allow(client: ClientState, id: Uint8Array): void {
    const group = this.of(client);
    if (this.#timer === null || group >= this.groupsMax) return;
    this.#isAllowing = true;
    this.port.allow(group, id);
  }

  /** Resolves when no group runs any plan that it was allowed to before. */
  disallowAll(): Promise<void> {
    if (this.#isAllowing) this.#disallowed = this.port.disallowAll();
    this.#isAllowing = false;
    return this.#disallowed;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}
