// Brings a checkout to a state that runs: packages, native addon, compiled TypeScript. Does nothing that is already done.
// Plain JavaScript, because it runs before anything is compiled.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** The packages are those of another checkout: through the link npm would empty its folder, and stamps would be for both. */
const isLinked = lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true;

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error) fail(`${command}: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`);
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

/** The newest modification time, in milliseconds, below the given files and folders. */
function newest(paths) {
  let latest = 0;
  const visit = (path) => {
    if (!existsSync(path)) return;
    const stat = statSync(path);
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    else latest = Math.max(latest, stat.mtimeMs);
  };
  for (const path of paths) visit(join(root, path));
  return latest;
}

/** The headers that came with this Node, where it has them: node-gyp then downloads none. */
function headers() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

const isOnPath = (command) =>
  command.includes('/') || process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, command)));

/** What node-gyp runs; without one of them it ends without telling which. */
function requireTools() {
  const compiler = process.env.CXX?.split(' ')[0];
  const tools = {
    'Python 3': [process.env.PYTHON ?? 'python3', 'python'],
    make: [process.env.MAKE ?? 'make'],
    'a C++ compiler (g++ or clang++)': compiler ? [compiler] : ['c++', 'g++', 'clang++'],
  };
  const missing = Object.keys(tools).filter((tool) => !tools[tool].some(isOnPath));
  if (missing.length > 0) fail(`the addon is built with ${missing.join(', ')}: not found on PATH`);
}

/** Runs `work` when a source is newer than the stamp that its last success left. */
function step(name, sources, outputs, work) {
  const stamp = join(root, isLinked ? 'build' : 'node_modules', '.ferrosa', name);
  const done = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (done > newest(sources) && outputs.every((output) => existsSync(join(root, output)))) return;
  console.error(`setup: ${name}`);
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
}

if (isLinked) {
  if (!existsSync(join(root, 'node_modules', 'typescript')))
    fail('node_modules is a link to a folder without packages: run `npm ci` where it leads to, or remove the link');
} else
  step('packages', ['package.json', 'package-lock.json'], ['node_modules/typescript'], () =>
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']),
  );
step('addon', ['native', 'binding.gyp'], ['build/Release/ferrosa.node'], () => {
  requireTools();
  run(bin('node-gyp'), ['configure', 'build', '--loglevel', 'error', '-j', 'max', ...headers()]);
});
step('typescript', ['src', 'workers', 'test', 'bench', 'scripts', 'tsconfig.json'], ['dist/src'], () =>
  run(bin('tsc'), ['-p', 'tsconfig.json']),
);
