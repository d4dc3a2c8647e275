// DESCRIBE of random schemas: the same text from Ferrosa and Cassandra, and the same again from a keyspace made by that text.
//   node dist/test/grammar/describe.js [--seed N] [--count SCHEMAS] [--cassandra HOST:PORT] [--ferrosa HOST:PORT]
import type { Line } from '../diff/corpus.js';
import { show, type Target } from '../diff/outcome.js';
import { Remote } from '../diff/remote.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { render } from './node.js';
import { tableOptions } from './options.js';
import { Random } from './random.js';
import { type GenTable, native, ofKind, randomTable, schemaStatements, typeText } from './schema.js';

const lanes = 4;

const line = (cql: string): Line => ({ number: 0, cql, mode: 'exact', pageSize: 0, binds: null });

/** Changes of a table that leave something behind: dropped and re-added columns, other names. */
function alterations(r: Random, table: GenTable): string[] {
  const out: string[] = [];
  const others = [...ofKind(table, 'regular'), ...ofKind(table, 'static')].filter(
    ({ type }) => type.kind !== 'udt' || type.frozen,
  );
  for (const { name, type, kind } of r.some(others, 0).slice(0, 3)) {
    out.push(`ALTER TABLE ${table.name} DROP ${name}${r.chance(50) ? ` USING TIMESTAMP ${r.between(1, 99)}` : ''}`);
    if (r.chance(40) && !table.counter)
      out.push(`ALTER TABLE ${table.name} ADD ${name} ${typeText(type)}${kind === 'static' ? ' static' : ''}`);
  }
  if (!table.counter && r.chance(40)) out.push(`ALTER TABLE ${table.name} ADD (n1 int, "N 2" frozen<list<text>>)`);
  if (r.chance(30)) out.push(`ALTER TABLE ${table.name} RENAME k0 TO ${r.pick(['kk', '"K 0"', 'select_'])}`);
  const [option] = tableOptions(r);
  if (option !== undefined) out.push(`ALTER TABLE ${table.name} WITH ${option}`);
  return out;
}

function isCounterWithTtl(table: GenTable, options: readonly string[]): boolean {
  return table.counter && options.some((option) => option.startsWith('default_time_to_live'));
}

/** The statements of a seed's schema. */
export function schemaOf(seed: number): string[] {
  const r = new Random(seed);
  const out: string[] = [];
  for (let n = r.between(1, 3); n > 0; n--) {
    const table = randomTable(r, `t${n}`);
    const options = tableOptions(r);
    const chosen = isCounterWithTtl(table, options) ? [] : options;
    const hasOrder = ofKind(table, 'clustering').length > 0;
    const text = chosen.length === 0 ? '' : `${hasOrder ? ' AND ' : ' WITH '}${chosen.join(' AND ')}`;
    out.push(...schemaStatements(table, text).map(render));
    if (r.chance(40)) out.push(...alterations(r, table));
    for (const { name } of table.types)
      if (r.chance(20)) out.push(`ALTER TYPE ${name} ADD later ${typeText(native('int'))}`);
  }
  return out;
}

async function run(target: Target, cql: string): Promise<string> {
  const outcome = await target.run(line(cql));
  return 'code' in outcome ? `${outcome.code} ${outcome.message}` : '';
}

async function freshKeyspace(target: Target, keyspace: string): Promise<void> {
  for (const cql of [
    `DROP KEYSPACE IF EXISTS ${keyspace}`,
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `USE ${keyspace}`,
  ]) {
    const error = await run(target, cql);
    if (error !== '') throw new Error(`${target.name}: ${cql}: ${error}`);
  }
}

/** The statements of DESCRIBE, one a row. */
async function describe(target: Target, keyspace: string, internals: boolean): Promise<string[]> {
  const outcome = await target.run(line(`DESCRIBE KEYSPACE ${keyspace}${internals ? ' WITH INTERNALS' : ''}`));
  if ('code' in outcome) throw new Error(`${target.name}: ${show(outcome)}`);
  return outcome.rows.map((row) => Buffer.from(row.split(' ')[3]!, 'hex').toString());
}

/** Without what no two servers have in common: table ids and the time of a drop. */
const plain = (text: string): string =>
  text.replace(/ID = [0-9a-f-]{36}/g, 'ID').replace(/USING TIMESTAMP \d{10,}/g, 'USING TIMESTAMP');

function firstDifference(a: readonly string[], b: readonly string[]): string | null {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [(a[i] ?? '').split('\n'), (b[i] ?? '').split('\n')];
    for (let n = 0; n < Math.max(left.length, right.length); n++)
      if (left[n] !== right[n]) return `    ${left[n]}\n    ${right[n]}`;
  }
  return null;
}

/** Makes the keyspace anew from its description and describes it again. */
async function roundTrip(
  target: Target,
  keyspace: string,
  statements: readonly string[],
  internals: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  await run(target, `DROP KEYSPACE ${keyspace}`);
  for (const statement of statements.flatMap((text) => text.split(/(?<=;)\n/))) {
    const error = await run(target, statement);
    if (error !== '') problems.push(`${target.name} does not take what it described: ${statement}\n    ${error}`);
  }
  const again = await describe(target, keyspace, internals);
  const difference = firstDifference(statements, again);
  if (difference !== null) problems.push(`${target.name} describes another schema the second time:\n${difference}`);
  return problems;
}

async function check(seed: number, keyspace: string, ferrosa: Target, cassandra: Target): Promise<string[]> {
  const problems: string[] = [];
  const internals = seed % 2 === 0;
  await Promise.all([ferrosa, cassandra].map((target) => freshKeyspace(target, keyspace)));
  for (const cql of schemaOf(seed)) {
    const [ours, theirs] = await Promise.all([run(ferrosa, cql), run(cassandra, cql)]);
    if (ours !== theirs) problems.push(`${cql}\n    Ferrosa: ${ours}\n    Cassandra: ${theirs}`);
  }
  const [ours, theirs] = await Promise.all([
    describe(ferrosa, keyspace, internals),
    describe(cassandra, keyspace, internals),
  ]);
  const difference = firstDifference(ours.map(plain), theirs.map(plain));
  if (difference !== null) problems.push(`Ferrosa and Cassandra describe it otherwise:\n${difference}`);
  // Each takes what the other said.
  const made = await Promise.all([
    roundTrip(ferrosa, keyspace, theirs, internals),
    roundTrip(cassandra, keyspace, ours, internals),
  ]);
  return [...problems, ...made.flat()];
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const option = (name: string, otherwise: string): string => {
    const at = args.indexOf(name);
    return at < 0 ? otherwise : args[at + 1]!;
  };
  const first = Number(option('--seed', '1'));
  const count = Number(option('--count', '1000'));
  const [host, port] = option('--cassandra', process.env['CASSANDRA'] ?? '127.0.0.1:19142').split(':');
  const given = option('--ferrosa', '');
  const folder = temporaryDataDir();
  const node = given === '' ? await NodeProcess.start(folder.path) : null;
  let next = first;
  let different = 0;
  const lane = async (number: number): Promise<void> => {
    const ferrosa = new Remote('Ferrosa', node?.port ?? Number(given.split(':')[1]), false);
    const cassandra = new Remote('Cassandra', Number(port), false, host);
    const keyspace = `described_${number}`;
    while (next < first + count) {
      const seed = next++;
      const problems = await check(seed, keyspace, ferrosa, cassandra);
      if (problems.length > 0) different++;
      for (const problem of problems) console.log(`seed ${seed}: ${problem}`);
    }
    for (const target of [ferrosa, cassandra]) {
      await run(target, `DROP KEYSPACE IF EXISTS ${keyspace}`);
      await target.close();
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
    console.log(`${count} schemas from seed ${first} on, ${different} of them with differences`);
    process.exitCode = different === 0 ? 0 : 1;
  } finally {
    await node?.stop();
    folder.remove();
  }
}

await main();
