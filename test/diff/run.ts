// Runs the corpus on a real Cassandra and on Ferrosa, with and without its hot path, and compares columns, rows, codes and messages.
//   node dist/test/diff/run.js [--cassandra HOST:PORT] [--ferrosa HOST:PORT] [--keyspace NAME] [FILE-PREFIX ...]
// Without --cassandra it asks the one of scripts/oracle, and starts that when it does not run. Without --ferrosa it starts two nodes of its own: one with hot_path=true, on which every SELECT, INSERT, UPDATE and DELETE is prepared
// and executed, and one with hot_path=false, on which they are sent as text. Runs at a time need keyspaces of their own.
import { connectOracle, oracleAddress } from '../sstables/oracle.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { type CorpusFile, corpusKeyspace, type Line, readCorpus } from './corpus.js';
import { difference, type Outcome, show, type Target } from './outcome.js';
import { Remote } from './remote.js';

type Tally = { readonly target: Target; passed: number; failed: number };

const statement = (cql: string): Line => ({ number: 0, cql, mode: 'exact', pageSize: 0, binds: null });

async function fresh(target: Target, keyspace: string): Promise<void> {
  for (const cql of [
    `DROP KEYSPACE IF EXISTS ${keyspace}`,
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `USE ${keyspace}`,
  ]) {
    const outcome = await target.run(statement(cql));
    if ('code' in outcome) throw new Error(`${target.name}: ${cql}: ${outcome.message}`);
  }
}

async function runFile(
  file: CorpusFile,
  keyspace: string,
  cassandra: Target,
  tallies: readonly Tally[],
): Promise<void> {
  for (const target of [cassandra, ...tallies.map(({ target }) => target)]) await fresh(target, keyspace);
  for (const line of file.lines) {
    const theirs = await cassandra.run(line);
    const found: { tally: Tally; what: string; ours: Outcome }[] = [];
    for (const tally of tallies) {
      const ours = await tally.target.run(line);
      const what = difference(line, ours, theirs);
      if (what === null) tally.passed++;
      else {
        tally.failed++;
        found.push({ tally, what, ours });
      }
    }
    if (found.length === 0) continue;
    console.log(`${file.name}:${line.number} ${found[0]!.what}: ${line.cql}`);
    for (const { tally, ours } of found) console.log(`  ${tally.target.name}: ${show(ours)}`);
    console.log(`  Cassandra: ${show(theirs)}`);
  }
}

function remote(name: string, address: string, prepareAll: boolean): Remote {
  const [host, port] = address.split(':');
  return new Remote(name, Number(port), prepareAll, host);
}

/** The instance of scripts/oracle, started when it does not run. */
async function ownCassandra(): Promise<string> {
  await (await connectOracle()).close();
  const { host, port } = oracleAddress();
  return `${host}:${port}`;
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const option = (name: string, otherwise: string): string => {
    const at = args.indexOf(name);
    return at < 0 ? otherwise : args.splice(at, 2)[1]!;
  };
  const cassandra = remote(
    'Cassandra',
    option('--cassandra', process.env['CASSANDRA'] ?? (await ownCassandra())),
    false,
  );
  const keyspace = option('--keyspace', corpusKeyspace);
  const address = option('--ferrosa', '');
  const folders = [temporaryDataDir(), temporaryDataDir()];
  const nodes: NodeProcess[] = [];
  const targets: Target[] = [];
  try {
    if (address !== '') targets.push(remote('Ferrosa', address, true));
    else
      for (const [i, hot] of [true, false].entries()) {
        const node = await NodeProcess.start(folders[i]!.path, {
          hot_path: String(hot),
          cql_shard_aware_bind: '127.0.0.1:0',
        });
        nodes.push(node);
        targets.push(new Remote(`Ferrosa, hot path ${hot ? 'on' : 'off'}`, node.port, hot));
      }
    const tallies = targets.map((target) => ({ target, passed: 0, failed: 0 }));
    const files = readCorpus(args, keyspace);
    for (const file of files) await runFile(file, keyspace, cassandra, tallies);
    await cassandra.run(statement(`DROP KEYSPACE IF EXISTS ${keyspace}`));
    const statements = files.reduce((sum, { lines }) => sum + lines.length, 0);
    for (const { target, passed, failed } of tallies)
      console.log(
        `${target.name}: ${statements} statements in ${files.length} files, ${passed} passed, ${failed} failed`,
      );
    for (const node of nodes.slice(0, 1)) console.log(await hotRequests(node));
    const sum = (key: 'passed' | 'failed') => tallies.reduce((total, tally) => total + tally[key], 0);
    console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
    process.exitCode = sum('failed') === 0 ? 0 : 1;
  } finally {
    await Promise.all([cassandra, ...targets].map((target) => target.close()));
    await Promise.all(nodes.map((node) => node.stop()));
    for (const folder of folders) folder.remove();
  }
}

async function hotRequests(node: NodeProcess): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${node.webPort}/metrics`)).text();
  return `The hot path ran ${/^ferrosa_hot_path_requests_total (\d+)/m.exec(text)?.[1] ?? 'no'} requests`;
}

await main();
