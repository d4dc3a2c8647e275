// The data folder: made at the first start, locked for one process.
import { ftruncateSync, readFileSync, statSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FerrosaError } from '../common/errors.js';
import { lockFile } from '../native/index.js';

/** A start that cannot go on, with a message for the operator. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
}

/** Not `recursive: true`: where the kernel answers ENOENT for good (/proc), Node 20 would try for ever. */
async function makeFolder(path: string, parentsMade = false): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || parentsMade || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path, true);
  }
}

const setDataDir = 'Set another with --data-dir or FERROSA_DATA_DIR';

/**
 * Makes the folder and takes its lock, which ends with the process.
 * @throws StartProblem that names the folder and what to do
 */
export async function openDataFolder(dataDir: string): Promise<void> {
  try {
    for (const folder of ['data', 'commitlog', 'metadata']) await makeFolder(join(dataDir, folder));
    const path = join(dataDir, 'ferrosa.lock');
    const fd = lockFile(path);
    if (fd === null) {
      const holder = readFileSync(path, 'utf8').trim();
      const who = holder === '' ? 'another process' : `another process (pid ${holder})`;
      throw new StartProblem(`The data folder ${dataDir} is in use by ${who}. Stop it first. ${setDataDir}.`);
    }
    ftruncateSync(fd, 0);
    writeSync(fd, `${process.pid}\n`);
  } catch (error) {
    throw error instanceof StartProblem ? error : new StartProblem(explain(dataDir, error as NodeJS.ErrnoException));
  }
}

/**
 * Settings that the first start has chosen for good, given to what compares them.
 * @param settings  their names, for the operator
 * @throws StartProblem for one that is another now
 */
export async function asKept<T>(compared: Promise<T>, dataDir: string, settings: string): Promise<T> {
  try {
    return await compared;
  } catch (error) {
    if (!(error instanceof FerrosaError && error.code === 'CONFIG_ERROR')) throw error;
    const kept = `The data folder ${dataDir} keeps what its first start was told: set ${settings} back to that`;
    throw new StartProblem(`${error.message}. ${kept}, or choose another folder with --data-dir or FERROSA_DATA_DIR.`);
  }
}

function explain(dataDir: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return `The data folder ${dataDir} cannot be written by this user. Change its owner or rights. ${setDataDir}.`;
    case 'EROFS':
      return `The data folder ${dataDir} is on a read-only file system. ${setDataDir}.`;
    case 'ENOSPC':
      return `The disk of the data folder ${dataDir} is full. Make room. ${setDataDir}.`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `The data folder ${dataDir} is not a folder. ${setDataDir}.`;
    default:
      return `The data folder ${dataDir} cannot be used: ${error.message}. ${setDataDir}.`;
  }
}
