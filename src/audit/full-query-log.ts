// The full query log: every statement that succeeded, with its values, so that it can be replayed. Source: Cassandra's FullQueryLogger.
import { existsSync } from 'node:fs';
import { invalid } from '../common/errors.js';
import { checkRolled, openLog } from './audit-log.js';
import { encodeQuery, type LoggedQuery } from './query-record.js';
import { RecordKind } from './records/record-file.js';
import type { RetentionLog } from './records/retention.js';
import { deleteLogFiles, type RecordCounts, type RolledLog, type RolledLogSettings } from './records/rolled-log.js';

/** Of the names of its files. */
export const queryLogPrefix = 'query';

/** `folder`: empty when none is configured. */
export type FullQuerySettings = RolledLogSettings & { readonly folder: string };

export type FullQueryLogOptions = {
  readonly settings: FullQuerySettings;
  readonly allowArchiveCommand: boolean;
  readonly nowMs: () => number;
  readonly log: RetentionLog;
};

export class FullQueryLog {
  /** Since the start of the process. */
  readonly counts: RecordCounts = { written: 0, dropped: 0 };
  readonly #options: FullQueryLogOptions;
  #settings: FullQuerySettings;
  #log: RolledLog | null = null;

  constructor(options: FullQueryLogOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  get isOn(): boolean {
    return this.#log !== null;
  }

  /** Those that it runs with, or would. */
  get settings(): FullQuerySettings {
    return this.isOn ? this.#settings : this.#options.settings;
  }

  /**
   * Begins with the settings of the configuration, those that are given instead of them. Files of an earlier log in the folder are deleted.
   * @param archives  a command was given by who is not the configuration
   * @throws FerrosaError INVALID when it is on, or for settings that do not do
   */
  enable(given: Partial<FullQuerySettings> = {}, archives = false): void {
    if (archives && !this.#options.allowArchiveCommand)
      throw invalid(
        "Can't enable full query log archiving via nodetool unless full_query_logging_options.allow_nodetool_archive_command is set to true",
      );
    if (this.isOn) throw invalid('The full query log is enabled already');
    const settings = { ...this.#options.settings, ...given };
    if (settings.folder === '') throw invalid('full_query_logging_options.log_dir is not set, and no path was given');
    checkRolled(settings);
    clean(settings.folder);
    const { nowMs, log } = this.#options;
    const kind = RecordKind.fullQuery;
    this.#log = openLog({ ...settings, prefix: queryLogPrefix, kind, nowMs, log }, this.counts);
    this.#settings = settings;
  }

  /** Writes what waits; nothing is recorded any more. */
  async disable(): Promise<void> {
    const log = this.#log;
    this.#log = null;
    await log?.stop();
  }

  /** Disables it and deletes its files, in the configured folder and in that it was enabled with last. */
  async reset(): Promise<void> {
    await this.disable();
    for (const folder of new Set([this.#options.settings.folder, this.#settings.folder])) clean(folder);
  }

  /** Resolves when the record is in the queue, which `block` may make wait. */
  record(query: LoggedQuery): undefined | Promise<void> {
    return this.#log?.append(encodeQuery(query));
  }
}

/** Deletes the files of a log, nothing else. @throws FerrosaError INVALID */
function clean(folder: string): void {
  if (folder === '' || !existsSync(folder)) return;
  try {
    deleteLogFiles(folder, queryLogPrefix);
  } catch (error) {
    throw invalid(`Old files of the full query log cannot be deleted: ${(error as Error).message}`);
  }
}
