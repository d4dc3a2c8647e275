// The Cassandra that the tests ask, by scripts/oracle/cassandra (Maven, a JDK 17): started when it does not run yet.
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CqlClient } from '../support/cql-client.js';

const script = fileURLToPath(new URL('../../../scripts/oracle/cassandra', import.meta.url));
const outputBytesMax = 1 << 29;

export type ToolRun = { readonly status: number; readonly out: string; readonly err: string };

function run(...args: string[]): string {
  const done: SpawnSyncReturns<string> = spawnSync(script, args, { encoding: 'utf8', maxBuffer: outputBytesMax });
  if (done.status !== 0) throw new Error(`cassandra ${args.join(' ')} ended with ${done.status}: ${done.stderr}`);
  return done.stdout.trim();
}

/** Where it listens, or would. */
export function oracleAddress(): { host: string; port: number } {
  const [host = '127.0.0.1', port = '19142'] = run('address').split(' ').filter(Boolean);
  return { host, port: Number(port) };
}

/** A session with it. Test files run side by side: another one may be starting it. */
export async function connectOracle(): Promise<CqlClient> {
  const connect = (): Promise<CqlClient> => CqlClient.connect({ ...oracleAddress(), version: 5 });
  try {
    return await connect();
  } catch {
    const started = spawnSync(script, ['start'], { encoding: 'utf8' });
    for (let triesLeft = 60; ; triesLeft--) {
      try {
        return await connect();
      } catch (error) {
        if (triesLeft === 0) throw new Error(`no Cassandra to ask: ${started.stderr}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }
}

export type OwnOracle = { readonly host: string; readonly port: number; stop(): void };

/**
 * An instance of that name beside the default one, started when it does not run; `stop` leaves one alone that ran before.
 * @param settings  of cassandra.yaml, as KEY=VALUE
 * @param jvm  further flags of its JVM
 */
export function ownOracle(name: string, settings: readonly string[], jvm: string): OwnOracle {
  const started = spawnSync(script, ['start', name, ...settings], {
    encoding: 'utf8',
    env: { ...process.env, ORACLE_JVM: `${process.env['ORACLE_JVM'] ?? ''} ${jvm}` },
  });
  const [host, port] = run('address', name).split(' ').filter(Boolean);
  const isRunning = started.status === 0 || started.stderr.includes('already running');
  if (!isRunning || host === undefined) throw new Error(`no Cassandra to ask: ${started.stderr}`);
  return { host, port: Number(port), stop: () => void (started.status === 0 && run('stop', name)) };
}

/** The folder of its tables: `<keyspace>/<table>-<id>`. */
export const oracleData = (): string => run('data');

/** Offline tools list the files of its schema and open them later: a compaction in between, of what another test's DDL has flushed, fails them. */
let schemaAtRest: Promise<unknown> | null = null;

/**
 * Runs a tool once for each list of arguments, all in one JVM.
 * @param data  a folder whose `<keyspace>/<table>-<id>` the tool sees beside the tables of the instance
 */
export async function oracleTool(
  tool: 'sstabledump' | 'sstableverify' | 'nodetool',
  runs: readonly (readonly string[])[],
  data?: string,
): Promise<ToolRun[]> {
  if (tool !== 'nodetool') {
    schemaAtRest ??= oracleTool('nodetool', [['disableautocompaction', 'system_schema']]);
    await schemaAtRest;
  }
  const child = spawn(script, ['batch', tool, ...(data === undefined ? [] : ['--data', data])]);
  const chunks: Buffer[] = [];
  let complaints = '';
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(runs.map((args) => `${args.join('\t')}\n`).join(''));
  const code = await ended;
  if (code !== 0) throw new Error(`${tool} ended with ${code}: ${complaints}`);
  return parseRuns(Buffer.concat(chunks));
}

function parseRuns(answer: Buffer): ToolRun[] {
  const results: ToolRun[] = [];
  for (let at = 0; at < answer.length; ) {
    const end = answer.indexOf('\n', at);
    const [status, outBytes, errBytes] = answer.toString('utf8', at, end).split(' ').map(Number) as [
      number,
      number,
      number,
    ];
    at = end + 1;
    const out = answer.toString('utf8', at, at + outBytes);
    at += outBytes;
    const err = answer.toString('utf8', at, at + errBytes);
    at += errBytes;
    results.push({ status, out, err });
  }
  return results;
}
