// Who this node is: its host id, kept beside the log since every node has its own, and its tokens, kept in the state of
// the cluster.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FerrosaError } from '../common/errors.js';
import { formatUuid } from '../types/index.js';
import type { NodeRecord } from './state.js';
import type { MetadataStore } from './store.js';

const fileName = 'host_id';

/**
 * The host id of this node; made at its first start.
 * @param folder  `<data>/metadata`
 * @throws FerrosaError CORRUPT when the file holds something else
 */
export function loadHostId(folder: string, randomBytes: (count: number) => Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, fileName);
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8').trim();
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
    throw new FerrosaError('CORRUPT', `${path} is damaged at offset 0: this is no host id`);
  }
  const bytes = Uint8Array.from(randomBytes(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hostId = formatUuid(bytes);
  writeDurably(folder, path, `${hostId}\n`);
  return hostId;
}

function writeDurably(folder: string, path: string, text: string): void {
  const temporary = `${path}.new`;
  const descriptor = openSync(temporary, 'w');
  writeSync(descriptor, text);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(temporary, path);
  const folderDescriptor = openSync(folder, 'r');
  fsyncSync(folderDescriptor);
  closeSync(folderDescriptor);
}

/** Different random tokens, sorted. */
export function chooseTokens(count: number, randomBytes: (count: number) => Uint8Array): string[] {
  const tokens = new Set<bigint>();
  while (tokens.size < count) {
    const bytes = randomBytes(8);
    const token = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0);
    // The smallest one is no token: it stands for the start of the ring.
    if (token !== -(2n ** 63n)) tokens.add(token);
  }
  return [...tokens].sort((a, b) => (a < b ? -1 : 1)).map(String);
}

export type NodeSettings = Omit<NodeRecord, 'tokens'> & { readonly numTokens: number };

/**
 * Tells the cluster what this node is; at its first start it gets its tokens.
 * @throws FerrosaError CONFIG_ERROR when datacenter, rack or number of tokens are not what they were
 */
export async function registerNode(
  store: MetadataStore,
  settings: NodeSettings,
  randomBytes: (count: number) => Uint8Array,
): Promise<NodeRecord> {
  const { numTokens, ...record } = settings;
  const known = store.state.nodes.get(record.hostId);
  for (const [key, what] of [['datacenter', 'data center'] as const, ['rack', 'rack'] as const])
    if (known !== undefined && known[key] !== record[key])
      throw new FerrosaError(
        'CONFIG_ERROR',
        `Cannot start node if its ${what} (${record[key]}) differs from previous ${what} (${known[key]})`,
      );
  if (known !== undefined && known.tokens.length !== numTokens)
    throw new FerrosaError(
      'CONFIG_ERROR',
      `Cannot change the number of tokens from ${known.tokens.length} to ${numTokens}`,
    );
  const node = { ...record, tokens: known?.tokens ?? chooseTokens(numTokens, randomBytes) };
  await store.putNode(node);
  return node;
}
