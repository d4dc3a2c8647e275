// scripts/setup.js: goal: a checkout whose node_modules is a link does nothing to the packages of the other one. Method: a copy of the script in
// a folder of its own, with an `npm` on the PATH that says that it was called.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

function setup(root: string): { readonly called: boolean; readonly error: string } {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(root, 'scripts'), { recursive: true });
  cpSync('scripts/setup.js', join(root, 'scripts', 'setup.js'));
  writeFileSync(join(root, 'package.json'), '{"type": "module"}');
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\ntouch '${join(root, 'called')}'\nexit 1\n`);
  chmodSync(join(bin, 'npm'), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  const { stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'setup.js')], { env, encoding: 'utf8' });
  return { called: existsSync(join(root, 'called')), error: stderr };
}

test('packages behind a link are left alone, and packages of the checkout itself are installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-setup-'));
  try {
    const [own, linked, empty, other] = ['own', 'linked', 'empty', 'other'].map((name) => join(folder, name));
    for (const root of [own!, linked!, empty!]) mkdirSync(root);
    mkdirSync(join(other!, 'node_modules', 'typescript'), { recursive: true });
    mkdirSync(join(folder, 'nothing'));
    symlinkSync(join(other!, 'node_modules'), join(linked!, 'node_modules'));
    symlinkSync(join(folder, 'nothing'), join(empty!, 'node_modules'));
    assert.equal(setup(own!).called, true);
    const left = setup(linked!);
    assert.equal(left.called, false);
    assert.deepEqual(readdirSync(join(other!, 'node_modules')), ['typescript']);
    const none = setup(empty!);
    assert.equal(none.called, false);
    assert.match(none.error, /node_modules is a link to a folder without packages/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
