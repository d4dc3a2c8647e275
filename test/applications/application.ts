// What an application of the suite is, and the ways to install one and to run what it tests itself with.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestResult } from './results.js';

/** Where packages land, so that a second run is quick; not below the checkout. */
const cache = join(process.env['FERROSA_TOOLS_CACHE'] ?? join(homedir(), '.cache', 'ferrosa-tools'), 'applications');

/** A program that runs for longer hangs; Temporal's tests build for minutes. */
const runMsMax = 30 * 60_000;

export type Server = { readonly host: string; readonly port: number };

export type Application = {
  /** Its folder, and its name on the command line. */
  readonly name: string;
  /** Programs it needs; an application whose tools are missing fails with their names. */
  readonly needs: readonly string[];
  /** Under a minute once installed: part of .ci/run. */
  readonly short: boolean;
  /** Installs it, runs its tests or its example against the server and gives the results. */
  readonly run: (place: Place, server: Server) => Promise<readonly TestResult[]>;
};

type Options = { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> };

/** The folders of one application and what runs there. Nothing is written into the checkout. */
export class Place {
  /** The folder in the checkout. */
  readonly source: string;
  /** Stays from run to run: what was installed. */
  readonly home: string;
  /** A fresh copy of the source for each run. */
  readonly work: string;
  readonly #log: string;

  constructor(name: string) {
    this.source = join(process.cwd(), 'test', 'applications', name);
    this.home = join(cache, name);
    this.work = join(this.home, 'work');
    this.#log = join(this.home, 'output.log');
    mkdirSync(this.home, { recursive: true });
    rmSync(this.work, { recursive: true, force: true });
    cpSync(this.source, this.work, { recursive: true, filter: (path) => !path.endsWith('.ts') });
    writeFileSync(this.#log, '');
  }

  /** What the programs of this run have printed. */
  get output(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Tests of what fails on Cassandra 5.0 as it does here. */
  get failsOnCassandra(): readonly string[] {
    return this.#tests('fails-on-cassandra.txt');
  }

  /** Tests of what docs/differences.md says is otherwise here: they pass on Cassandra alone. */
  get meantDifferences(): readonly string[] {
    return this.#tests('meant-differences.txt');
  }

  /** Test ids, one a line; `#` begins a comment. */
  #tests(file: string): readonly string[] {
    const path = join(this.source, file);
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.map((line) => line.replace(/(^|\s)#.*/, '').trim()).filter((line) => line !== '');
  }

  /** Runs a program with its output in the log; gives its exit status, -1 after a signal. Rejects when it cannot be started. */
  run(command: string, args: readonly string[], { cwd = this.work, env = {} }: Options = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      const log = createWriteStream(this.#log, { flags: 'a' });
      log.write(`$ ${[command, ...args].join(' ')}\n`);
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: runMsMax,
        killSignal: 'SIGKILL',
      });
      child.stdout.pipe(log, { end: false });
      child.stderr.pipe(log, { end: false });
      child.on('error', reject);
      child.on('close', (code) => log.end(() => resolve(code ?? -1)));
    });
  }

  /** The same, for what has to end with 0. @throws Error when it does not */
  async must(command: string, args: readonly string[], options: Options = {}): Promise<void> {
    const code = await this.run(command, args, options);
    if (code !== 0) throw new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${code}`);
  }

  /** Calls `install` unless it has succeeded before with the same lock file. */
  async once(lock: string, install: () => Promise<void>): Promise<void> {
    const stamp = join(this.home, 'installed');
    const wanted = createHash('sha256')
      .update(readFileSync(join(this.source, lock)))
      .digest('hex');
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
    rmSync(stamp, { force: true });
    await install();
    writeFileSync(stamp, wanted);
  }

  /** A virtual environment with requirements.txt; gives its folder of programs. `more` runs when it is (re)made. */
  async python(more?: (bin: string) => Promise<void>): Promise<string> {
    const venv = join(this.home, 'venv');
    const bin = join(venv, 'bin');
    await this.once('requirements.txt', async () => {
      await this.must('python3', ['-m', 'venv', '--clear', venv]);
      await this.must(join(bin, 'pip'), ['install', '-q', '--no-deps', '-r', join(this.source, 'requirements.txt')]);
      await more?.(bin);
    });
    return bin;
  }

  /** What package-lock.json names, without install scripts; gives the folder of packages. */
  async node(): Promise<string> {
    const packages = join(this.home, 'node_modules');
    await this.once('package-lock.json', async () => {
      for (const file of ['package.json', 'package-lock.json']) cpSync(join(this.source, file), join(this.home, file));
      await this.must('npm', ['ci', '--silent', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: this.home });
    });
    return packages;
  }

  /** The text of a file that a test runner left below `work`. @throws Error when there is none: the runner failed before it */
  report(path: string): string {
    const whole = join(this.work, path);
    if (!existsSync(whole)) throw new Error(`no ${path}: the tests did not run`);
    return readFileSync(whole, 'utf8');
  }
}
