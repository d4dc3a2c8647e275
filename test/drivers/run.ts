// `npm run test:drivers [-- NAME ...]`: each driver suite, with the driver as its registry has it, against a Ferrosa of its own.
// Packages land in the user's cache folder, so that a second run is quick.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Ferrosa } from '../support/ferrosa.js';

const cache = process.env['FERROSA_TOOLS_CACHE'] ?? join(homedir(), '.cache', 'ferrosa-tools');
const folder = (name: string): string => join('test', 'drivers', name);

type Suite = {
  readonly name: string;
  /** Programs it needs; a suite whose tools are missing fails with their names. */
  readonly needs: readonly string[];
  /** Installs and builds; gives the command that runs the suite. */
  readonly prepare: () => { command: string; args: string[]; cwd?: string };
};

const run = (command: string, args: readonly string[], cwd?: string): void => {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...(cwd === undefined ? {} : { cwd }) });
};

const suites: readonly Suite[] = [
  {
    name: 'python',
    needs: ['python3'],
    prepare() {
      const venv = join(cache, 'python');
      if (!existsSync(join(venv, 'bin', 'cqlsh'))) {
        run('python3', ['-m', 'venv', venv]);
        run(join(venv, 'bin', 'pip'), ['install', '-q', 'cassandra-driver', 'lz4', 'python-snappy', 'cqlsh']);
      }
      return { command: join(venv, 'bin', 'python'), args: [join(folder('python'), 'driver_test.py')] };
    },
  },
  {
    name: 'node',
    needs: ['npm'],
    prepare() {
      const home = join(cache, 'node');
      mkdirSync(home, { recursive: true });
      if (!existsSync(join(home, 'node_modules', 'cassandra-driver'))) {
        writeFileSync(join(home, 'package.json'), '{"private":true}');
        run('npm', ['install', '--silent', '--ignore-scripts', 'cassandra-driver@4'], home);
      }
      process.env['DRIVER_MODULES'] = join(home, 'node_modules');
      return { command: process.execPath, args: [join(folder('node'), 'driver-test.cjs')] };
    },
  },
  {
    name: 'java',
    needs: ['mvn', 'java'],
    prepare() {
      const jars = join(cache, 'java-driver');
      if (!existsSync(jars))
        run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`], folder('java'));
      return { command: 'java', args: ['-cp', join(jars, '*'), join(folder('java'), 'DriverTest.java')] };
    },
  },
  {
    name: 'go',
    needs: ['go'],
    prepare() {
      const binary = join(cache, 'go-driver');
      run('go', ['build', '-o', binary, '.'], folder('go'));
      return { command: binary, args: [] };
    },
  },
  {
    name: 'rust',
    needs: ['cargo'],
    prepare() {
      const target = join(cache, 'rust-driver');
      run('cargo', ['build', '--release', '--quiet', '--locked', '--target-dir', target], folder('rust'));
      return { command: join(target, 'release', 'ferrosa-driver-test'), args: [] };
    },
  },
];

function missing(suite: Suite): string[] {
  return suite.needs.filter((tool) => spawnSync('which', [tool]).status !== 0);
}

/** Runs a program with its output on ours; true when it ended with 0. */
function runProgram(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environment },
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code === 0));
  });
}

/** Runs one suite; true when it passed. */
async function runSuite(suite: Suite): Promise<boolean> {
  const lacking = missing(suite);
  if (lacking.length > 0) {
    console.log(`not ok - ${suite.name}: needs ${lacking.join(' and ')}`);
    return false;
  }
  const { command, args } = suite.prepare();
  const ferrosa = await Ferrosa.start();
  // The suites ask for a restart by a plain HTTP request, whatever their language.
  const restarter = createServer((_, response) => {
    ferrosa
      .down('SIGKILL')
      .then(() => ferrosa.up())
      .then(
        () => response.end('restarted'),
        (error: Error) => response.writeHead(500).end(error.message),
      );
  });
  await new Promise<void>((resolve) => restarter.listen(0, '127.0.0.1', resolve));
  const restartUrl = `http://127.0.0.1:${(restarter.address() as AddressInfo).port}/`;
  console.log(`# ${suite.name}`);
  const passed = await runProgram(command, args, {
    CQL_HOST: '127.0.0.1',
    CQL_PORT: String(ferrosa.port),
    CQL_WEB_PORT: String(ferrosa.webPort),
    RESTART_COMMAND: `'${process.execPath}' -e 'fetch("${restartUrl}").then((r) => process.exit(r.ok ? 0 : 1))'`,
  });
  restarter.close();
  if (!passed) console.log(ferrosa.output.split('\n').slice(-40).join('\n'));
  await ferrosa.remove();
  return passed;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')}`);
const failed: string[] = [];
let count = 0;
for (const suite of suites) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
  count++;
  if (!(await runSuite(suite))) failed.push(suite.name);
}
console.log(`drivers: ${count - failed.length} passed, ${failed.length} failed`);
if (failed.length > 0 || count === 0) {
  console.log(`failed: ${failed.join(', ')}`);
  process.exit(1);
}
