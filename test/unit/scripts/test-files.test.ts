// A part of the tests is a folder, the beginning of names in one, or the path of a source.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

// Plain JavaScript beside the compiled tests: it runs where nothing is compiled yet.
const { testFiles } = (await import(pathToFileURL(resolve('scripts/test-files.js')).href)) as {
  testFiles(root: string, part: string): string[];
};

test('tests are found by folder, by the beginning of a name and by the path of their source', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'ferrosa-tests-'));
  t.after(() => rmSync(root, { recursive: true }));
  const put = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  };
  for (const name of ['unit/cli/config', 'unit/cli/ctl', 'unit/cql/lexer', 'crash/kill']) {
    put(`dist/test/${name}.test.js`);
    put(`test/${name}.test.ts`);
  }
  put('dist/test/unit/cli/gone.test.js');
  put('dist/test/unit/cli/support.js');
  for (const [part, expected] of [
    ['unit/cli', ['unit/cli/config', 'unit/cli/ctl']],
    ['unit/cli/', ['unit/cli/config', 'unit/cli/ctl']],
    ['unit/cli/conf', ['unit/cli/config']],
    ['unit/c', ['unit/cli/config', 'unit/cli/ctl', 'unit/cql/lexer']],
    ['test/unit/cli/ctl.test.ts', ['unit/cli/ctl']],
    ['crash/kill.test.js', ['crash/kill']],
    ['unit/nope', []],
    ['nope/nope', []],
    ['unit/cli/gone', []],
  ] as const)
    assert.deepEqual(
      testFiles(root, part),
      expected.map((name) => join(root, 'dist', 'test', `${name}.test.js`)),
      part,
    );
});
