import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { isFlushed, type Manifest, manifestName } from '../../../src/shard/files/manifest.js';
import { TableFiles } from '../../../src/shard/files/table-files.js';
import { shardOfToken } from '../../../src/shard/token.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-files-'));
  folders.push(folder);
  return folder;
}

const components = ['Data.db', 'Partitions.db', 'Statistics.db', 'TOC.txt'];
function writeSSTable(folder: string, name: string, without: string[] = []): void {
  for (const component of components)
    if (!without.includes(component)) writeFileSync(join(folder, `${name}-${component}`), `${name} ${component}`);
}
const warnings: string[] = [];
const open = (folder: string, shards = 1) => {
  warnings.length = 0;
  return TableFiles.open(folder, shards, (message) => warnings.push(message));
};
async function flush(files: TableFiles, shard = 0): Promise<string> {
  const name = files.newName();
  writeSSTable(await files.temporary(name), name);
  await files.publish({ add: [{ name, shard }] });
  return name;
}
const names = (files: TableFiles) => files.sstables.map(({ name }) => name).sort();
const dataFiles = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('-Data.db'))
    .sort();

test('published SSTables are there after opening again', async () => {
  const folder = newFolder();
  const files = await open(folder);
  await flush(files);
  await flush(files);
  const again = await open(folder);
  assert.deepEqual(names(again), ['da-1-bti', 'da-2-bti']);
  assert.equal(again.newName(), 'da-3-bti');
  assert.deepEqual(warnings, []);
});

test('a compaction replaces its inputs and their files are gone', async () => {
  const folder = newFolder();
  const files = await open(folder);
  const inputs = [await flush(files), await flush(files)];
  const name = files.newName();
  writeSSTable(await files.temporary(name), name);
  await files.publish({ add: [{ name, shard: 0 }], remove: inputs });
  assert.deepEqual(names(files), ['da-3-bti']);
  assert.deepEqual(dataFiles(folder), ['da-3-bti-Data.db']);
});

test('a crash before the manifest leaves no half-written SSTable behind', async () => {
  const folder = newFolder();
  const files = await open(folder);
  await flush(files);
  writeSSTable(await files.temporary('da-2-bti'), 'da-2-bti', ['TOC.txt']);
  const again = await open(folder);
  assert.deepEqual(names(again), ['da-1-bti']);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
  );
});

test('a crash while the first SSTable of a table is moved in leaves nothing of it behind', async () => {
  const folder = newFolder();
  const files = await open(folder);
  const name = files.newName();
  // Moved so far: the data component. Not yet: the TOC, and no manifest was ever written.
  writeSSTable(await files.temporary(name), name, ['Data.db']);
  writeSSTable(folder, name, ['Partitions.db', 'Statistics.db', 'TOC.txt']);
  await open(folder);
  assert.deepEqual(warnings, []);
  assert.deepEqual(dataFiles(folder), []);
});

test('a crash after the manifest and before the deletion does not bring the inputs back', async () => {
  const folder = newFolder();
  const files = await open(folder);
  const input = await flush(files);
  const before = readFileSync(join(folder, `${input}-Data.db`));
  await files.publish({ remove: [input] });
  // As the crash would have left it: one file still there, named obsolete.
  const manifest = JSON.parse(readFileSync(join(folder, manifestName), 'utf8')) as Manifest;
  writeFileSync(join(folder, manifestName), JSON.stringify({ ...manifest, obsolete: [input] }));
  writeFileSync(join(folder, `${input}-Data.db`), before);
  writeFileSync(join(folder, `${input}-TOC.txt`), '');
  const again = await open(folder);
  assert.deepEqual(names(again), []);
  assert.deepEqual(dataFiles(folder), []);
});

test('SSTables that somebody put into the folder are taken up, unfinished and unreadable ones are left alone', async () => {
  const folder = newFolder();
  await flush(await open(folder, 2), 1);
  writeSSTable(folder, 'da-7-bti');
  writeSSTable(folder, 'da-3g1z_1abc_0abcdefghijklmnop-bti');
  writeSSTable(folder, 'da-8-bti', ['TOC.txt']);
  writeSSTable(folder, 'la-9-big');
  const files = await open(folder, 2);
  assert.deepEqual(names(files), ['da-1-bti', 'da-3g1z_1abc_0abcdefghijklmnop-bti', 'da-7-bti']);
  assert.equal(files.sstables.find(({ name }) => name === 'da-7-bti')!.shard, null);
  assert.equal(files.sstables.find(({ name }) => name === 'da-1-bti')!.shard, 1);
  assert.equal(warnings.length, 2);
  assert.match(warnings.join('\n'), /da-8-bti-Data\.db has no TOC/);
  assert.match(warnings.join('\n'), /la-9-big-Data\.db is of version la/);
  assert.equal(files.newName(), 'da-10-bti');
});

test('refresh takes up what came while the process runs, once', async () => {
  const folder = newFolder();
  const files = await open(folder);
  writeSSTable(folder, 'da-1-bti');
  assert.deepEqual(await files.refresh(() => {}), [{ name: 'da-1-bti', shard: 0 }]);
  assert.deepEqual(await files.refresh(() => {}), []);
});

test('another shard count makes every SSTable one that all shards look into', async () => {
  const folder = newFolder();
  await flush(await open(folder, 2), 1);
  assert.deepEqual((await open(folder, 3)).sstables, [{ name: 'da-1-bti', shard: null }]);
  assert.deepEqual((await open(folder, 1)).sstables, [{ name: 'da-1-bti', shard: 0 }]);
});

test('a damaged SSTable is set aside with all its files', async () => {
  const folder = newFolder();
  const files = await open(folder);
  const name = await flush(files);
  assert.equal(await files.setAside(name), true);
  assert.equal(await files.setAside(name), false);
  assert.deepEqual(names(await open(folder)), []);
  assert.equal(readdirSync(join(folder, 'corrupt')).length, components.length);
});

test('a damaged manifest is an error that names the file', async () => {
  const folder = newFolder();
  await flush(await open(folder));
  for (const text of [
    '',
    '{',
    '{"format":2}',
    '{"format":1,"shardCount":1,"sstables":[{}],"obsolete":[],"flushed":[]}',
  ]) {
    writeFileSync(join(folder, manifestName), text);
    await assert.rejects(open(folder), { code: 'CORRUPT', message: /ferrosa-manifest\.json is damaged/ });
  }
});

test('a file in the manifest that is gone is reported and does not stop the start', async () => {
  const folder = newFolder();
  const name = await flush(await open(folder));
  for (const component of components) rmSync(join(folder, `${name}-${component}`));
  assert.deepEqual(names(await open(folder)), []);
  assert.match(warnings[0]!, /da-1-bti-Data\.db is in the manifest and is not there/);
});

test('a snapshot keeps the files that a compaction deletes', async () => {
  const folder = newFolder();
  const files = await open(folder);
  const name = await flush(files);
  assert.equal(await files.snapshot('before'), 1);
  await assert.rejects(files.snapshot('before'), { code: 'EEXIST' });
  await files.publish({ remove: [name] });
  assert.ok(existsSync(join(folder, 'snapshots', 'before', `${name}-Data.db`)));
  await files.drop();
  assert.ok(existsSync(join(folder, 'snapshots', 'before', `${name}-Data.db`)));
  assert.ok(!existsSync(join(folder, manifestName)));
  rmSync(join(folder, 'snapshots', 'before'), { recursive: true });
  await files.drop();
  assert.ok(!existsSync(folder));
});

test('marks of a flush hide exactly what it wrote from replay', async () => {
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  const files = await open(folder, 2);
  const base = 256 * 100;
  const own = [...Array(50).keys()]
    .map((i) => BigInt(i) * 7_777_777_777_777_777n)
    .find((t) => shardOfToken(t, 2) === 1)!;
  const other = [...Array(50).keys()]
    .map((i) => BigInt(i) * 7_777_777_777_777_777n)
    .find((t) => shardOfToken(t, 2) === 0)!;
  await files.publish({ flushed: [{ shard: 1, shardCount: 2, base, segment: base + 257, offset: 500 }] });
  const marks = (await open(folder, 2)).flushed;
  const at = (segment: number, offset: number) => ({ segment, offset });
  assert.equal(isFlushed(marks, 1, at(base + 257, 500), own), true);
  assert.equal(isFlushed(marks, 1, at(base + 257, 501), own), false);
  assert.equal(isFlushed(marks, 1, at(base + 513, 100), own), false);
  assert.equal(isFlushed(marks, 0, at(base + 256, 100), own), false, 'another lane of the same process');
  assert.equal(isFlushed(marks, 0, at(base - 256, 100), own), true, 'replayed before the flush, whatever lane');
  assert.equal(isFlushed(marks, 1, at(base + 257, 100), other), false, 'tokens that another shard flushes');
  await files.publish({ flushed: [{ shard: 1, shardCount: 2, base, segment: base + 257, offset: 300 }] });
  assert.equal(files.flushed[0]!.offset, 500, 'a mark never goes back');
});

test('a change that cannot be made leaves no complete SSTable behind', async () => {
  const folder = newFolder();
  const files = await open(folder);
  await flush(files);
  const name = files.newName();
  writeSSTable(await files.temporary(name), name);
  // The manifest's temporary name is taken by a folder: it cannot be written.
  mkdirSync(join(folder, `${manifestName}.tmp`));
  await assert.rejects(files.publish({ add: [{ name, shard: 0 }] }));
  assert.deepEqual(dataFiles(folder), ['da-1-bti-Data.db']);
  assert.deepEqual(names(files), ['da-1-bti']);
});

test('a change decides when its turn has come', async () => {
  const folder = newFolder();
  const files = await open(folder);
  const first = await flush(files);
  const removed = files.publish({ remove: [first] });
  const done = await files.publishUnless(() => (names(files).length === 0 ? null : { remove: [first] }));
  await removed;
  assert.equal(done, false);
});

test('an SSTable that was on its way in when the process ended leaves nothing behind', async () => {
  const folder = newFolder();
  const files = await open(folder);
  await flush(files);
  for (const moved of [['Data.db'], components]) {
    const name = files.newName();
    await files.temporary(name);
    writeSSTable(
      folder,
      name,
      components.filter((one) => !moved.includes(one)),
    );
  }
  assert.deepEqual(names(await open(folder)), ['da-1-bti']);
  assert.deepEqual(dataFiles(folder), ['da-1-bti-Data.db']);
  assert.deepEqual(warnings, []);
});
