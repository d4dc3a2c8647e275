// ferrosa-ctl as a process of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { Ferrosa } from './ferrosa.js';

export type CtlRun = { readonly code: number; readonly out: string; readonly error: string };

/** @param args  the verb and what belongs to it, perhaps after options of the connection */
export function runCtl({ webPort }: Pick<Ferrosa, 'webPort'>, ...args: string[]): Promise<CtlRun> {
  const argv = ['bin/ferrosa-ctl.js', '-p', String(webPort), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, (failure, out, error) =>
      resolve({ code: failure === null ? 0 : Number(failure.code), out, error }),
    );
  });
}

/** What a verb prints that must succeed. */
export async function ctlOutput(node: Pick<Ferrosa, 'webPort'>, ...args: string[]): Promise<string> {
  const { code, out, error } = await runCtl(node, ...args);
  assert.equal(code, 0, error);
  return out;
}

/** Options of a connection as the first superuser. */
export const asSuperuser = ['-u', 'cassandra', '-pw', 'cassandra'] as const;
