// `ferrosa start`: configuration, signals and exit codes around a node.
import { ConfigProblem, type LoadedConfig, loadConfig } from './config.js';
import { StartProblem } from './data-folder.js';
import { createLog, type Log } from './log.js';
import type { RunningNode } from './node.js';

/** How long a drain may take before the process ends without it, in milliseconds. */
const drainMsMax = 60_000;

function load(args: readonly string[]): LoadedConfig | null {
  try {
    return loadConfig(args, process.env);
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    for (const problem of error.problems) console.error(`ferrosa: ${problem}`);
    process.exitCode = 2;
    return null;
  }
}

/** Ends the process with a message; what could not be drained is in the commit log. */
function fail(log: Log, message: string, error?: unknown): never {
  log.fatal(error instanceof Error && !(error instanceof StartProblem) ? { err: error } : {}, message);
  process.exit(1);
}

/** A signal to a process and one to its group, as `timeout` sends them, are one wish. */
const oneWishMs = 1_000;

/** Returns what does the same without a signal. */
function stopOnSignals(node: RunningNode, log: Log): (why: string) => void {
  let stoppingSince: number | null = null;
  const stop = (why: string): void => {
    if (stoppingSince !== null) {
      if (performance.now() - stoppingSince < oneWishMs) return;
      fail(log, `${why} again: ending without waiting; the commit log has every acknowledged write`);
    }
    stoppingSince = performance.now();
    log.info(`${why}: draining`);
    const timer = setTimeout(() => fail(log, `draining took more than ${drainMsMax / 1000} s`), drainMsMax);
    node.drain().then(
      () => {
        clearTimeout(timer);
        log.info('stopped');
        process.exit(0);
      },
      (error: unknown) => fail(log, 'draining failed; the commit log has every acknowledged write', error),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  return stop;
}

/** Starts a node and prints the ready line; ends the process with 1 when it cannot, with 2 when the configuration is wrong. */
export async function start(args: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  const loaded = load(args);
  if (loaded === null) return;
  const { config, origins } = loaded;
  const log = createLog(config.log_level);
  for (const [name, origin] of origins) log.debug({ name, origin }, 'setting');
  process.on('uncaughtException', (error) => fail(log, 'a bug: the process stops', error));
  process.on('unhandledRejection', (error) => fail(log, 'a bug: the process stops', error));
  try {
    const { startNode } = await import('./node.js');
    // Asked over the web port before the node is complete: nothing is there to be drained.
    let stop: (why: string) => void = () => process.kill(process.pid, 'SIGTERM');
    const node = await startNode(
      config,
      log,
      (message) => fail(log, message),
      (why) => stop(why),
    );
    stop = stopOnSignals(node, log);
    const seconds = (performance.now() - startedAt) / 1000;
    process.stdout.write(
      `ferrosa ready: ${node.describe()}, data in ${config.data_dir}, after ${seconds.toFixed(2)} s\n`,
    );
  } catch (error) {
    fail(log, (error as Error).message, error);
  }
}
