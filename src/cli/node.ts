// The composition of a node: what runs in this process and how it is put together.
import { FerrosaError } from '../common/errors.js';
import { openDataFolder } from './data-folder.js';
import type { Log } from './log.js';
import type { Config } from './settings.js';

export type RunningNode = {
  /** What is open where, for the ready line. */
  describe(): string;
  /** Stops accepting, finishes what is in flight, flushes and ends the threads. */
  drain(): Promise<void>;
};

/**
 * Starts everything; resolves when clients can connect.
 * @param onDeath  a part ended that the node cannot live without
 * @throws StartProblem, FerrosaError with a message for the operator
 */
export async function startNode(
  config: Config,
  log: Log,
  onDeath: (message: string, error?: unknown) => never,
): Promise<RunningNode> {
  await openDataFolder(config.data_dir);
  log.info({ data_dir: config.data_dir }, 'data folder is open');
  onDeath('there is no server yet', new FerrosaError('SERVER_ERROR', 'there is no server yet'));
}
