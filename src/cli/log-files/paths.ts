// The files of a log that a command line names.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isLogFile } from '../../audit/index.js';
import { CtlError } from '../ctl-client.js';

/**
 * Files as they are named, and of folders those of the log, oldest first.
 * @throws CtlError for a path that is not there
 */
export function logPaths(given: readonly string[], prefix: string): string[] {
  const found = given.flatMap((path) => {
    if (!existsSync(path)) throw new CtlError(`There is no ${path}`);
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => isLogFile(prefix, name))
      .map((name) => join(path, name));
  });
  return [...new Set(found)].sort((a, b) => (basename(a) < basename(b) ? -1 : basename(a) > basename(b) ? 1 : 0));
}
