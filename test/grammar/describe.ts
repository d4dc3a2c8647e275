// Random schemas described by Ferrosa and by Cassandra: the same text, which makes the same schema again in a fresh Ferrosa and in Cassandra.
//   node dist/test/grammar/describe.js [--seed N] [--count SCHEMAS] [--cassandra HOST:PORT] [--ferrosa HOST:PORT]
import type { Target } from '../diff/outcome.js';
import { describe, firstDifference, ordered, plain, schemaRows } from './described.js';
import { alterations, index, keyspaceOptions, masks, view } from './extras.js';
import { render } from './node.js';
import { tableOptions } from './options.js';
import { Random } from './random.js';
import { type GenTable, native, ofKind, randomTable, schemaStatements, typeText } from './schema.js';
import { connection, execute, freshFerrosa, option, startServers } from './servers.js';

/** Schemas that are made at a time. */
const lanes = 4;
/** Schemas that a fresh node takes before the next one: none of them has been there before. */
const schemasANode = 100;

const hasTtl = (options: readonly string[]): boolean => options.some((text) => text.startsWith('default_time_to_live'));

/** A table, what is on it, and what happened to it. */
function tableStatements(r: Random, number: number): string[] {
  const table: GenTable = randomTable(r, `t${number}`);
  const options = tableOptions(r);
  const chosen = table.counter && hasTtl(options) ? [] : options;
  const hasOrder = ofKind(table, 'clustering').length > 0;
  const text = chosen.length === 0 ? '' : `${hasOrder ? ' AND ' : ' WITH '}${chosen.join(' AND ')}`;
  const out = schemaStatements(table, text).map(render);
  const views = !table.counter && r.chance(30) ? r.between(1, 2) : 0;
  if (r.chance(40)) out.push(...(views === 0 ? alterations(r, table) : []));
  if (r.chance(20)) out.push(...masks(r, table));
  if (r.chance(40)) out.push(...r.times(1, 3, (i) => index(r, table, i)));
  for (let n = 1; n <= views; n++) {
    const viewOptions = tableOptions(r).filter((one) => !one.startsWith('default_time_to_live'));
    out.push(view(r, table, r.chance(80) ? `v${number}_${n}` : `"View ${number} ${n}"`, viewOptions.join(' AND ')));
  }
  const [changed] = tableOptions(r);
  if (changed !== undefined && r.chance(50)) out.push(`ALTER TABLE ${table.name} WITH ${changed}`);
  for (const { name } of table.types)
    if (r.chance(20)) out.push(`ALTER TYPE ${name} ADD later ${typeText(native('int'))}`);
  return out;
}

/** The statements of a seed's schema, in a keyspace of that name. */
export function schemaOf(seed: number, keyspace: string): string[] {
  const r = new Random(seed);
  const tables = r.times(1, 3, (i) => tableStatements(r, i + 1)).flat();
  return [`CREATE KEYSPACE ${keyspace} WITH ${keyspaceOptions(r)}`, `USE ${keyspace}`, ...tables];
}

/** Makes the keyspace anew from its description, and says what differs then. */
async function roundTrip(
  target: Target,
  keyspace: string,
  text: readonly string[],
  rows: readonly string[],
  internals: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  for (const statement of text.flatMap((one) => one.split(/(?<=;)\n/))) {
    const error = await execute(target, statement);
    if (error !== '') problems.push(`${target.name} does not take what was described: ${statement}\n    ${error}`);
  }
  const textDifference = firstDifference(text.map(ordered), (await describe(target, keyspace, internals)).map(ordered));
  if (textDifference !== null) problems.push(`${target.name} describes another schema afterwards:\n${textDifference}`);
  const rowDifference = firstDifference(rows, await schemaRows(target, keyspace, internals));
  if (rowDifference !== null) problems.push(`${target.name} has another schema afterwards:\n${rowDifference}`);
  return problems;
}

type Targets = { readonly ferrosa: Target; readonly fresh: Target; readonly cassandra: Target };

async function check(seed: number, { ferrosa, fresh, cassandra }: Targets): Promise<string[]> {
  const problems: string[] = [];
  const internals = seed % 2 === 0;
  const keyspace = `described_${seed}`;
  for (const target of [ferrosa, cassandra]) await execute(target, `DROP KEYSPACE IF EXISTS ${keyspace}`);
  for (const cql of schemaOf(seed, keyspace)) {
    const [ours, theirs] = await Promise.all([execute(ferrosa, cql), execute(cassandra, cql)]);
    if (ours !== theirs) problems.push(`${cql}\n    Ferrosa: ${ours}\n    Cassandra: ${theirs}`);
  }
  const [ours, theirs] = await Promise.all(
    [ferrosa, cassandra].map((target) => describe(target, keyspace, internals)) as [
      Promise<string[]>,
      Promise<string[]>,
    ],
  );
  const textDifference = firstDifference(ours.map(plain).map(ordered), theirs.map(plain).map(ordered));
  if (textDifference !== null) problems.push(`Ferrosa and Cassandra describe it otherwise:\n${textDifference}`);
  const [ourRows, theirRows] = await Promise.all([
    schemaRows(ferrosa, keyspace, false),
    schemaRows(cassandra, keyspace, false),
  ]);
  const rowDifference = firstDifference(ourRows, theirRows);
  if (rowDifference !== null) problems.push(`Ferrosa and Cassandra have it otherwise:\n${rowDifference}`);
  const rows = internals ? await schemaRows(ferrosa, keyspace, true) : ourRows;
  await Promise.all([ferrosa, cassandra].map((target) => execute(target, `DROP KEYSPACE ${keyspace}`)));
  const made = await Promise.all(
    [fresh, cassandra].map((target) => roundTrip(target, keyspace, ours, rows, internals)),
  );
  await execute(cassandra, `DROP KEYSPACE ${keyspace}`);
  return [...problems, ...made.flat()];
}

/** Checks the seeds from `first` to below `end` on a fresh node. @returns how many of them differ */
async function checkAll(first: number, end: number, ferrosa: string, cassandra: string): Promise<number> {
  const node = await freshFerrosa();
  let next = first;
  let different = 0;
  const lane = async (): Promise<void> => {
    const targets = {
      ferrosa: connection('Ferrosa', ferrosa),
      fresh: connection('The fresh Ferrosa', node.address),
      cassandra: connection('Cassandra', cassandra),
    };
    while (next < end) {
      const seed = next++;
      const problems = await check(seed, targets);
      if (problems.length > 0) different++;
      for (const problem of problems) console.log(`seed ${seed}: ${problem}`);
    }
    for (const target of Object.values(targets)) await target.close();
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    await node.stop();
  }
  return different;
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const first = Number(option(args, '--seed', '1'));
  const count = Number(option(args, '--count', '1000'));
  const servers = await startServers(args);
  let different = 0;
  try {
    for (let at = first; at < first + count; at += schemasANode) {
      const end = Math.min(at + schemasANode, first + count);
      different += await checkAll(at, end, servers.ferrosa, servers.cassandra);
      console.log(`${end - first} schemas, ${different} of them with differences`);
    }
    console.log(`${count} schemas, seeds ${first} to ${first + count - 1}, ${different} of them with differences`);
    process.exitCode = different === 0 ? 0 : 1;
  } finally {
    await servers.stop();
  }
}

await main();
