// TRUNCATE of a table and its views when the process ends at any moment of it: both are emptied, or neither.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import type { TableDefinition } from '../../../src/schema/index.js';
import { isFlushed } from '../../../src/shard/files/manifest.js';
import { TableFiles } from '../../../src/shard/files/table-files.js';
import { shardOfToken } from '../../../src/shard/token.js';
import { beginTruncation, finishTruncations } from '../../../src/shard/truncations.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-truncations-'));
  folders.push(folder);
  return folder;
}

const ids = ['base', 'view'];
const definitions = ids.map((id) => ({ id, indexes: [] }) as unknown as TableDefinition);
const folderOf = (dataDir: string, id: string) => join(dataDir, 'data', 'k', id);
const open = (dataDir: string, id: string) => TableFiles.open(folderOf(dataDir, id), 1, () => {});
async function flush(files: TableFiles): Promise<string> {
  const name = files.newName();
  const folder = await files.temporary(name);
  for (const component of ['Data.db', 'TOC.txt']) writeFileSync(join(folder, `${name}-${component}`), '');
  await files.publish({ add: [{ name, shard: 0 }] });
  return name;
}
const flushed = [{ shard: 0, shardCount: 1, base: 100, segment: 100, offset: 50 }];
const isTruncated = (files: TableFiles): boolean =>
  isFlushed(files.flushed, 0, { segment: 100, offset: 50 }, 0n) && shardOfToken(0n, 1) === 0;

test('the node ends after so many manifests: the next start has emptied all or none, and what was written since stays', async () => {
  for (let written = -1; written <= 2; written++) {
    const dataDir = newFolder();
    const all = await Promise.all(ids.map((id) => open(dataDir, id)));
    const olds: string[] = [];
    for (const files of all) olds.push(await flush(files));
    const changes = all.map((files, i) => ({ id: ids[i]!, folder: files.folder, remove: [olds[i]!], flushed }));
    if (written >= 0) await beginTruncation(dataDir, changes);
    const news: string[] = [];
    for (const [i, files] of all.entries()) {
      if (i < written) await files.publish({ remove: [olds[i]!], flushed });
      if (i < written) news.push(await flush(files));
    }
    await finishTruncations(dataDir, definitions);
    for (const [i, id] of ids.entries()) {
      const files = await open(dataDir, id);
      const expected: string[] = written < 0 ? [olds[i]!] : i < written ? [news[i]!] : [];
      assert.deepEqual(
        files.sstables.map(({ name }) => name),
        expected,
        `${id} after ${written}`,
      );
      assert.equal(isTruncated(files), written >= 0);
      // Its files are gone too: they would be taken up as somebody else's.
      const data = readdirSync(files.folder).filter((name) => name.endsWith('-Data.db'));
      assert.deepEqual(
        data,
        expected.map((name) => `${name}-Data.db`),
      );
    }
    assert.deepEqual(written < 0 ? [] : readdirSync(join(dataDir, 'truncations')), []);
  }
});

test('what ended is not done again, and a table that was dropped since is left alone', async () => {
  const dataDir = newFolder();
  const files = await open(dataDir, 'base');
  const old = await flush(files);
  const change = { id: 'base', folder: files.folder, remove: [old], flushed };
  const gone = { id: 'dropped', folder: folderOf(dataDir, 'dropped'), remove: ['da-1-bti'], flushed };
  const done = await beginTruncation(dataDir, [change, gone]);
  await done();
  await finishTruncations(dataDir, definitions);
  assert.equal((await open(dataDir, 'base')).sstables.length, 1);
  await beginTruncation(dataDir, [change, gone]);
  await finishTruncations(dataDir, definitions);
  assert.equal((await open(dataDir, 'base')).sstables.length, 0);
  assert.deepEqual(readdirSync(join(dataDir, 'data', 'k')), ['base']);
});

test('a damaged record is an error that names it', async () => {
  const dataDir = newFolder();
  const files = await open(dataDir, 'base');
  await beginTruncation(dataDir, [{ id: 'base', folder: files.folder, remove: [], flushed }]);
  const folder = join(dataDir, 'truncations');
  const path = join(folder, readdirSync(folder)[0]!);
  writeFileSync(path, '{"format": 1, "tables": [');
  await assert.rejects(finishTruncations(dataDir, definitions), { code: 'CORRUPT', message: new RegExp(path) });
});
