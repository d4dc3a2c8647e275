// Scenarios of roles and permissions: lines `ROLE> STATEMENT`, run one after the other, each by a connection of that role.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Line } from '../diff/corpus.js';
import type { Outcome } from '../diff/outcome.js';
import { Remote } from '../diff/remote.js';

// dist/test/access -> test/access
const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test', 'access');
export const scenarioPath = join(folder, 'permissions.cql');
export const goldenPath = join(folder, 'permissions.golden.json');

export type Step = { readonly number: number; readonly role: string; readonly cql: string };
export type Recorded = Step & { readonly outcome: Outcome };

/**
 * The steps of the scenario. A line `ROLE> for X in a, b: STATEMENT` stands for one statement a value, `X` replaced by it.
 * @throws Error for a line that is none
 */
export function readScenario(): Step[] {
  const steps: Step[] = [];
  for (const [i, line] of readFileSync(scenarioPath, 'utf8').split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const match = /^(\w+)> (?:for (\w+) in ([^:]*): )?(.*)$/.exec(line);
    if (match === null) throw new Error(`permissions.cql:${i + 1}: not a step: ${line}`);
    const [, role, name, values, cql] = match;
    for (const value of values?.split(',') ?? [''])
      steps.push({ number: i + 1, role: role!, cql: name === undefined ? cql! : cql!.replaceAll(name, value.trim()) });
  }
  return steps;
}

/** A server that steps are run on. `prepareAll`: statements that may be hot are prepared and executed. */
export class Stage {
  readonly #clients = new Map<string, Remote>();

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly prepareAll: boolean,
  ) {}

  run({ role, cql, number }: Step): Promise<Outcome> {
    let client = this.#clients.get(role);
    if (client === undefined) {
      client = new Remote(role, this.port, this.prepareAll, this.host, role);
      this.#clients.set(role, client);
    }
    const line: Line = { number, cql, mode: 'exact', pageSize: 0, binds: null };
    return client.run(line);
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await client.close();
  }
}

/** What a Ferrosa is started with for the scenario. */
export const accessSettings = {
  authenticator: 'PasswordAuthenticator',
  authorizer: 'CassandraAuthorizer',
  role_password_update_min_interval: '0ms',
};
