// Which records are kept. Source: Cassandra's AuditLogFilter.
import type { AuditEntry } from './entry.js';
import { type Category, entryTypes } from './entry-types.js';

/** Lists with commas; empty: no condition. */
export type FilterSettings = {
  readonly includedKeyspaces: string;
  readonly excludedKeyspaces: string;
  readonly includedCategories: string;
  readonly excludedCategories: string;
  readonly includedUsers: string;
  readonly excludedUsers: string;
};

/** What is in both lists is excluded. */
class Lists {
  readonly included: ReadonlySet<string>;
  readonly excluded: ReadonlySet<string>;

  constructor(included: string, excluded: string) {
    this.included = listOf(included);
    this.excluded = listOf(excluded);
  }

  admits(value: string | null): boolean {
    if (value !== null && this.excluded.has(value)) return false;
    return this.included.size === 0 || (value !== null && this.included.has(value));
  }
}

const listOf = (text: string): Set<string> =>
  new Set(
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  );

export class AuditFilter {
  readonly #keyspaces: Lists;
  readonly #categories: Lists;
  readonly #users: Lists;

  constructor(settings: FilterSettings) {
    this.#keyspaces = new Lists(settings.includedKeyspaces, settings.excludedKeyspaces);
    this.#categories = new Lists(settings.includedCategories.toUpperCase(), settings.excludedCategories.toUpperCase());
    this.#users = new Lists(settings.includedUsers, settings.excludedUsers);
  }

  admits({ keyspace, type, user }: Pick<AuditEntry, 'keyspace' | 'type' | 'user'>): boolean {
    return this.#keyspaces.admits(keyspace) && this.#categories.admits(entryTypes[type]) && this.#users.admits(user);
  }

  /** Whether some record of this user in one of these categories may be kept. */
  mayAdmit(user: string | null, some: readonly Category[]): boolean {
    return this.#users.admits(user) && some.some((category) => this.#categories.admits(category));
  }
}
