// What is around a start: the words of a command that is not built, of ports, of a data folder that was told otherwise.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { asKept, StartProblem } from '../../../src/cli/data-folder.js';
import { openAt } from '../../../src/cli/ready-line.js';
import { parseBind } from '../../../src/cli/units.js';
import { FerrosaError } from '../../../src/common/errors.js';

/** A clone with these compiled files. */
function cloneWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'ferrosa-clone-'));
  t.after(() => rmSync(root, { recursive: true }));
  cpSync('bin', join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function run(root: string, command: string): { readonly status: number | null; readonly stderr: string } {
  return spawnSync(process.execPath, [join(root, 'bin', `${command}.js`), 'version'], { encoding: 'utf8' });
}

test('a clone that is not built says what to run; a module that is missing otherwise is shown as it is', (t) => {
  const addon = { 'build/Release/ferrosa.node': '' };
  const main = { 'dist/src/cli/main.js': 'export const main = () => {};' };
  const notBuilt = 'ferrosa is not built yet: run npm start, or npm run build\n';
  for (const [files, command] of [
    [{}, 'ferrosa'],
    [{}, 'ferrosa-ctl'],
    [addon, 'ferrosa'],
    [main, 'ferrosa'],
  ] as const) {
    const { status, stderr } = run(cloneWith(t, files), command);
    assert.equal(stderr, notBuilt);
    assert.equal(status, 1);
  }
  assert.equal(run(cloneWith(t, { ...addon, ...main }), 'ferrosa').status, 0);
  const broken = { 'dist/src/cli/ctl.js': "import './gone.js';" };
  assert.match(run(cloneWith(t, broken), 'ferrosa-ctl').stderr, /ERR_MODULE_NOT_FOUND[\s\S]*gone\.js/);
});

test('the ready line names the host of the second CQL port when it is another', () => {
  const binds = (cql: string, aware: string) => ({
    cql_bind: parseBind(cql),
    cql_shard_aware_bind: parseBind(aware),
    web_bind: parseBind('127.0.0.1:0'),
    shards: 2,
  });
  const ports = { cql: 9042, aware: 19042, web: 9090 };
  assert.equal(
    openAt(binds('127.0.0.1:0', '127.0.0.1:0'), ports),
    'CQL 127.0.0.1:9042 and :19042, web 127.0.0.1:9090, 2 shards',
  );
  assert.equal(
    openAt(binds('0.0.0.0:9042', '127.0.0.1:19042'), ports),
    'CQL 0.0.0.0:9042 and 127.0.0.1:19042, web 127.0.0.1:9090, 2 shards',
  );
});

test('what the first start was told cannot be changed: the problem names the folder and what to do', async () => {
  const changed = Promise.reject(new FerrosaError('CONFIG_ERROR', 'Cannot change the number of tokens from 16 to 32'));
  await assert.rejects(asKept(changed, '/data', 'num_tokens'), (error: Error) => {
    assert.ok(error instanceof StartProblem);
    assert.match(
      error.message,
      /^Cannot change .* 32\. The data folder \/data keeps .* set num_tokens back .* --data-dir/,
    );
    return true;
  });
  const damaged = new FerrosaError('CORRUPT', 'damaged');
  await assert.rejects(asKept(Promise.reject(damaged), '/data', 'rack'), damaged);
  assert.equal(await asKept(Promise.resolve(1), '/data', 'rack'), 1);
});
