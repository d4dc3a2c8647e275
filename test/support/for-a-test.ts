// Nodes and clients that end with the test that started them.
import { afterEach } from 'node:test';
import { CqlClient } from './cql-client.js';
import { Ferrosa } from './ferrosa.js';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Runs `end` when the test is over, before what was asked for earlier. */
export function atEnd(end: () => unknown): void {
  endings.push(end);
}

/** For tests that write and read much: a busy machine is no fault of what they look at. */
export const patient = {
  read_request_timeout: '60s',
  range_request_timeout: '60s',
  write_request_timeout: '60s',
} as const;

export async function startNode(settings: Readonly<Record<string, string>> = {}): Promise<Ferrosa> {
  const ferrosa = await Ferrosa.start(settings);
  atEnd(() => ferrosa.remove());
  return ferrosa;
}

export async function connectTo({ port }: Pick<Ferrosa, 'port'>): Promise<CqlClient> {
  const client = await CqlClient.connect({ port });
  atEnd(() => client.close());
  return client;
}
