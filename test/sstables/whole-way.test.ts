// The whole way through a real node: written by CQL, flushed twice and compacted by ferrosa-ctl, then opened by Cassandra as the files lie.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';
import { CqlClient } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';
import { connectOracle, oracleData, oracleTool, type ToolRun } from './oracle.js';
import { type Kind, kinds, userTypes } from './tables-of-all-kinds.js';

const keyspace = 'ferrosa_sstables_node';
const states = ['two flushes', 'a compaction'] as const;
type State = (typeof states)[number];
type Rows = (string | null)[][];

const inFlightMax = 64;
const run = promisify(execFile);
let folder: string;
let ferrosa: Ferrosa | undefined;
let mine: CqlClient | undefined;
let theirs: CqlClient | undefined;
/** `<table>-<id>` of each table. */
const directories = new Map<string, string>();
/** By state and table. */
const answered = new Map<string, Rows>();
const answeredByCassandra = new Map<string, Rows>();
const imported = new Map<string, ToolRun>();
const verified = new Map<string, ToolRun>();
const printable = kinds.filter((kind) => kind.isPrintable !== false);
/** What the compaction of either wrote, by table: partitions by their key. */
const dumped = { ferrosa: new Map<string, object>(), cassandra: new Map<string, object>() };

const id = (state: State, { name }: Kind): string => `${state} ${name}`;
const copyOf = (state: State): string => path.join(folder, state.replaceAll(' ', '_'));
const tableIn = (data: string, { name }: Kind): string => path.join(data, keyspace, directories.get(name)!);
const dataFiles = (where: string): string[] =>
  fs
    .readdirSync(where)
    .filter((file) => file.endsWith('-Data.db'))
    .map((file) => path.join(where, file));
const ctl = (...args: string[]) =>
  run(process.execPath, ['bin/ferrosa-ctl.js', '-p', String(ferrosa!.webPort), ...args]);

async function createTables(client: CqlClient): Promise<void> {
  await client.query(
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  );
  await client.query(`USE ${keyspace}`);
  for (const type of userTypes) await client.query(`CREATE TYPE ${type}`);
  for (const { name, columns, options } of kinds) {
    const tableId = directories.get(name)?.slice(name.length + 1);
    const uuid = tableId?.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    const all = [options, uuid && `ID = ${uuid}`].filter(Boolean).join(' AND ');
    await client.query(`CREATE TABLE ${name} (${columns})${all === '' ? '' : ` WITH ${all}`}`);
  }
}

async function write(client: CqlClient, statements: readonly string[]): Promise<void> {
  // What comes later in a list may depend on what came before, and rows of inserts are many.
  for (let at = 0; at < statements.length; ) {
    let end = at + 1;
    while (end < statements.length && end - at < inFlightMax && statements[end]!.startsWith('INSERT')) end++;
    await Promise.all(statements.slice(at, end).map((statement) => client.query(statement)));
    at = end;
  }
}

/** @param nowInSeconds  at which expiry is judged, the same for both servers */
async function answers(client: CqlClient, { name, columns, also = [] }: Kind, nowInSeconds: number): Promise<Rows> {
  const own = columns
    .replace(/<[^()]*?>+|\(.*\)/g, '')
    .split(', ')
    .map((column) => column.split(' ')[0]!)
    .filter((column) => column !== '' && column !== 'PRIMARY');
  const rows: Rows = [];
  let pagingState: Uint8Array | null = null;
  do {
    const text = `SELECT ${[...own, ...also].join(', ')} FROM ${keyspace}.${name}`;
    const result = await client.query(text, [], { pageSize: 500, pagingState, nowInSeconds });
    rows.push(...result.rows.map((row) => row.map((cell) => cell?.toString('hex') ?? null)));
    pagingState = result.pagingState;
  } while (pagingState !== null);
  return rows;
}

async function keep(state: State, nowInSeconds: number): Promise<void> {
  for (const kind of kinds) answered.set(id(state, kind), await answers(mine!, kind, nowInSeconds));
  fs.cpSync(path.join(ferrosa!.dataDir, 'data', keyspace), path.join(copyOf(state), keyspace), { recursive: true });
}

async function writeAndCompact(nowInSeconds: number): Promise<void> {
  ferrosa = await Ferrosa.start();
  mine = await CqlClient.connect({ port: ferrosa.port });
  await createTables(mine);
  for (const directory of fs.readdirSync(path.join(ferrosa.dataDir, 'data', keyspace)))
    directories.set(directory.slice(0, directory.lastIndexOf('-')), directory);
  for (const { first } of kinds) await write(mine, first);
  await ctl('flush');
  for (const { second } of kinds) await write(mine, second);
  await ctl('flush', keyspace);
  await keep('two flushes', nowInSeconds);
  await ctl('compact', keyspace);
  await keep('a compaction', nowInSeconds);
}

async function importInto(client: CqlClient, state: State, nowInSeconds: number): Promise<void> {
  const runs = kinds.map((kind) => ['import', '--copy-data', '-e', keyspace, kind.name, tableIn(copyOf(state), kind)]);
  const done = await oracleTool('nodetool', runs);
  for (const [i, kind] of kinds.entries()) {
    imported.set(id(state, kind), done[i]!);
    answeredByCassandra.set(id(state, kind), await answers(client, kind, nowInSeconds));
  }
}

/** Partitions by key, without the places in the file, which differ with what else is in it. */
function partitions(dumps: readonly ToolRun[]): object {
  const found: [string, unknown][] = [];
  for (const { status, out, err } of dumps) {
    assert.equal(status, 0, err);
    const parsed = JSON.parse(out, (name, value) => (name === 'position' ? undefined : value)) as {
      partition: { key: string[] };
    }[];
    for (const partition of parsed) found.push([JSON.stringify(partition.partition.key), partition]);
  }
  return Object.fromEntries(found.sort());
}

async function dumpBoth(): Promise<void> {
  const newest = (files: string[]): string[] => {
    const idIn = (file: string): number => Number(/da-(\d+)-bti/.exec(file)![1]);
    return files.sort((a, b) => idIn(b) - idIn(a)).slice(0, 1);
  };
  const files = printable.map((kind) => [
    dataFiles(tableIn(copyOf('a compaction'), kind)),
    newest(dataFiles(tableIn(oracleData(), kind))),
  ]);
  const runs = await oracleTool(
    'sstabledump',
    files.flat(2).map((file) => [file]),
  );
  for (const [i, kind] of printable.entries()) {
    const [own, other] = files[i]! as [string[], string[]];
    dumped.ferrosa.set(kind.name, partitions(runs.splice(0, own.length)));
    dumped.cassandra.set(kind.name, partitions(runs.splice(0, other.length)));
  }
}

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-whole-way-'));
  const nowInSeconds = Math.floor(Date.now() / 1000) + 60;
  await writeAndCompact(nowInSeconds);
  theirs = await connectOracle();
  await theirs.query(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  await createTables(theirs);
  for (const state of states) {
    const runs = await oracleTool(
      'sstableverify',
      kinds.map(({ name }) => ['-f', '-e', keyspace, name]),
      copyOf(state),
    );
    for (const [i, kind] of kinds.entries()) verified.set(id(state, kind), runs[i]!);
  }
  await importInto(theirs, 'two flushes', nowInSeconds);
  await oracleTool('nodetool', [['compact', keyspace]]);
  await dumpBoth();
  for (const { name } of kinds) await theirs.query(`TRUNCATE ${name}`);
  await importInto(theirs, 'a compaction', nowInSeconds);
});

after(async () => {
  await theirs?.query(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  await theirs?.close();
  await mine?.close();
  await ferrosa?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

for (const kind of kinds) {
  for (const state of states) {
    test(`sstableverify accepts the files of the table ${kind.name} after ${state}`, () => {
      const { status, out, err } = verified.get(id(state, kind))!;
      assert.equal(status, 0, out + err);
      const where = tableIn(copyOf(state), kind);
      const succeeded = out.match(/Verify of .* succeeded/g) ?? [];
      assert.ok(dataFiles(where).length > 0);
      assert.equal(succeeded.filter((line) => line.includes(where)).length, dataFiles(where).length, out + err);
    });

    test(`Cassandra imports the table ${kind.name} after ${state} and answers the same rows`, () => {
      const { status, out, err } = imported.get(id(state, kind))!;
      assert.equal(status, 0, out + err);
      assert.ok(answered.get(id(state, kind))!.length > 0);
      assert.deepEqual(answeredByCassandra.get(id(state, kind)), answered.get(id(state, kind)));
    });
  }

  test(`a compaction changes no answer of the table ${kind.name}`, () => {
    assert.deepEqual(answered.get(id('a compaction', kind)), answered.get(id('two flushes', kind)));
  });

  if (kind.isPrintable === false) continue;

  test(`the compacted table ${kind.name} holds what Cassandra's compaction of the same files holds`, () => {
    assert.deepEqual(dumped.ferrosa.get(kind.name), dumped.cassandra.get(kind.name));
  });
}
