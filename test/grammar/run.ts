// Statements generated from the grammar, compared with a real Cassandra.
//   node dist/test/grammar/run.js [--seed N] [--count N] [--statements N] [--shrink N] [--cassandra HOST:PORT] [--ferrosa HOST:PORT]
// An episode is a random schema and statements on it; its seed is in the name of its table: `--seed 17 --count 1` is t17 again.

import { show, type Target } from '../diff/outcome.js';
import { Remote } from '../diff/remote.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { episodeOf, type Finding, runEpisode } from './episode.js';
import { shrink, signature } from './shrink.js';

/** Episodes that run at a time: what is in order within one leaves both servers idle. */
const lanes = 4;
/** Episodes of a lane between fresh keyspaces: tables cost memory. */
const episodesAKeyspace = 12;

type Options = {
  readonly seed: number;
  readonly count: number;
  readonly statements: number;
  readonly shrinks: number;
  readonly cassandra: string;
  readonly ferrosa: string;
};

function readOptions(args: readonly string[]): Options {
  const option = (name: string, otherwise: string): string => {
    const at = args.indexOf(name);
    return at < 0 ? otherwise : args[at + 1]!;
  };
  return {
    seed: Number(option('--seed', '1')),
    count: Number(option('--count', '20000')),
    statements: Number(option('--statements', '400')),
    shrinks: Number(option('--shrink', '12')),
    cassandra: option('--cassandra', process.env['CASSANDRA'] ?? '127.0.0.1:19142'),
    ferrosa: option('--ferrosa', ''),
  };
}

const remote = (name: string, address: string): Remote => {
  const [host, port] = address.split(':');
  return new Remote(name, Number(port), false, host);
};

async function freshKeyspace(target: Target, keyspace: string): Promise<void> {
  for (const cql of [
    `DROP KEYSPACE IF EXISTS ${keyspace}`,
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `USE ${keyspace}`,
  ]) {
    const outcome = await target.run({ number: 0, cql, mode: 'exact', pageSize: 0, binds: null });
    if ('code' in outcome) throw new Error(`${target.name}: ${cql}: ${outcome.message}`);
  }
}

class Tally {
  statements = 0;
  failed = 0;
  readonly found = new Map<string, { count: number; first: Finding }>();
  readonly known = new Map<string, number>();

  add(finding: Finding): void {
    const key = signature(finding);
    const seen = this.found.get(key);
    if (seen === undefined) this.found.set(key, { count: 1, first: finding });
    else seen.count++;
  }
}

async function lane(
  number: number,
  options: Options,
  ferrosaAddress: string,
  next: () => number,
  tally: Tally,
): Promise<void> {
  const ferrosa = remote('Ferrosa', ferrosaAddress);
  const cassandra = remote('Cassandra', options.cassandra);
  const keyspace = `grammar_${number}`;
  try {
    for (let n = 0; ; n++) {
      if (tally.statements >= options.count) break;
      if (n % episodesAKeyspace === 0)
        await Promise.all([ferrosa, cassandra].map((target) => freshKeyspace(target, keyspace)));
      const episode = episodeOf(next(), Math.min(options.statements, options.count));
      const verdict = await runEpisode(episode, ferrosa, cassandra);
      tally.statements += episode.steps.length;
      tally.failed += verdict.failed;
      for (const finding of verdict.findings) tally.add(finding);
      for (const [reason, count] of verdict.known) tally.known.set(reason, (tally.known.get(reason) ?? 0) + count);
    }
    for (const target of [ferrosa, cassandra])
      await target.run({ number: 0, cql: `DROP KEYSPACE ${keyspace}`, mode: 'exact', pageSize: 0, binds: null });
  } finally {
    await Promise.all([ferrosa.close(), cassandra.close()]);
  }
}

async function report(options: Options, ferrosaAddress: string, tally: Tally): Promise<void> {
  const servers = { ferrosa: remote('Ferrosa', ferrosaAddress), cassandra: remote('Cassandra', options.cassandra) };
  const keyspace = 'grammar_shrink';
  for (const target of Object.values(servers)) await freshKeyspace(target, keyspace);
  const found = [...tally.found.values()].sort((a, b) => b.count - a.count);
  for (const [i, { count, first }] of found.entries()) {
    const small = i < options.shrinks ? await shrink(first, servers) : { script: [first.cql], finding: first };
    console.log(`\n${small.finding.what} (${count} times), seed ${first.episode.name.slice(1)}:`);
    for (const cql of small.script) console.log(`  ${cql};`);
    console.log(`    Ferrosa:   ${show(small.finding.ours)}`);
    console.log(`    Cassandra: ${show(small.finding.theirs)}`);
  }
  for (const target of Object.values(servers)) {
    await target.run({ number: 0, cql: `DROP KEYSPACE ${keyspace}`, mode: 'exact', pageSize: 0, binds: null });
    await target.close();
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const folder = temporaryDataDir();
  const node = options.ferrosa === '' ? await NodeProcess.start(folder.path) : null;
  const address = node === null ? options.ferrosa : `127.0.0.1:${node.port}`;
  const tally = new Tally();
  let seed = options.seed;
  try {
    const run = (number: number): Promise<void> => lane(number, options, address, () => seed++, tally);
    await Promise.all(Array.from({ length: lanes }, (_, number) => run(number)));
    await report(options, address, tally);
    const differences = [...tally.found.values()].reduce((sum, { count }) => sum + count, 0);
    for (const [reason, count] of tally.known) console.log(`known, ${count} times: ${reason}`);
    console.log(
      `${tally.statements} statements from seed ${options.seed} on (${tally.failed} of them refused by Cassandra), ` +
        `${differences} differences of ${tally.found.size} kinds`,
    );
    process.exitCode = differences === 0 ? 0 : 1;
  } finally {
    await node?.stop();
    folder.remove();
  }
}

await main();
