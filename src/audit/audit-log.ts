// The audit log: who has done what, and who has tried. Source: Cassandra's AuditLogManager.
import { utf8Bytes } from '../common/bytes.js';
import { invalid } from '../common/errors.js';
import { type AuditEntry, entryText, oneLine } from './entry.js';
import { type Category, categories } from './entry-types.js';
import { AuditFilter, type FilterSettings } from './filter.js';
import { RecordKind } from './records/record-file.js';
import type { RetentionLog } from './records/retention.js';
import { rollCycleMs, rollCycleNames } from './records/roll-cycle.js';
import { type RecordCounts, RolledLog, type RolledLogSettings } from './records/rolled-log.js';

/** FileAuditLogger writes lines of text, BinAuditLogger records with checksums. */
export const auditLoggers = ['BinAuditLogger', 'FileAuditLogger'] as const;
export type AuditLogger = (typeof auditLoggers)[number];

export type AuditSettings = RolledLogSettings &
  FilterSettings & { readonly logger: AuditLogger; readonly folder: string };

export type AuditLogOptions = {
  /** Of the configuration: what it has when it is enabled without options. */
  readonly settings: AuditSettings;
  /** allow_nodetool_archive_command */
  readonly allowArchiveCommand: boolean;
  /** This node, as audit records name it. */
  readonly host: () => string;
  readonly nowMs: () => number;
  readonly log: RetentionLog;
};

export class AuditLog {
  /** Since the start of the process. */
  readonly counts: RecordCounts = { written: 0, dropped: 0 };
  readonly #options: AuditLogOptions;
  #settings: AuditSettings;
  #filter: AuditFilter;
  #log: RolledLog | null = null;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#filter = new AuditFilter(options.settings);
  }

  get isOn(): boolean {
    return this.#log !== null;
  }

  /** Those that it runs with, or would. */
  get settings(): AuditSettings {
    return this.isOn ? this.#settings : this.#options.settings;
  }

  /** Whether some record of this user in one of these categories may be kept. */
  mayAdmit(user: string | null, some: readonly Category[]): boolean {
    return this.isOn && this.#filter.mayAdmit(user, some);
  }

  /**
   * Begins with the settings of the configuration, those that are given instead of them. While it is on, only the filters change, unless the
   * logger is another: as in Cassandra.
   * @param archives  a command was given by who is not the configuration
   * @throws FerrosaError INVALID for settings that do not do; then nothing has changed
   */
  async enable(given: Partial<AuditSettings> = {}, archives = false): Promise<void> {
    if (archives && !this.#options.allowArchiveCommand)
      throw invalid(
        "Can't enable audit log archiving via nodetool unless audit_logging_options.allow_nodetool_archive_command is set to true",
      );
    const settings = { ...this.#options.settings, ...given };
    checkCategories(settings.includedCategories);
    checkCategories(settings.excludedCategories);
    checkRolled(settings);
    if (this.#log !== null && settings.logger === this.#settings.logger) {
      const { includedKeyspaces, excludedKeyspaces, includedUsers, excludedUsers } = settings;
      const { includedCategories, excludedCategories } = settings;
      const filters = { includedKeyspaces, excludedKeyspaces, includedUsers, excludedUsers };
      this.#settings = { ...this.#settings, ...filters, includedCategories, excludedCategories };
      this.#filter = new AuditFilter(this.#settings);
      return;
    }
    const { nowMs, log } = this.#options;
    const kind = settings.logger === 'BinAuditLogger' ? RecordKind.audit : null;
    const old = this.#log;
    this.#log = openLog({ ...settings, prefix: 'audit', kind, nowMs, log }, this.counts);
    this.#settings = settings;
    this.#filter = new AuditFilter(settings);
    await old?.stop();
  }

  /** Writes what waits; nothing is recorded any more. */
  async disable(): Promise<void> {
    const log = this.#log;
    this.#log = null;
    await log?.stop();
  }

  /** Records an entry, unless it is filtered out. Resolves when it is in the queue, which `block` may make wait. */
  record(entry: AuditEntry): undefined | Promise<void> {
    const log = this.#log;
    if (log === null || !this.#filter.admits(entry)) return undefined;
    const text = entryText(entry, this.#options.host());
    if (this.#settings.logger === 'BinAuditLogger') return log.append(utf8Bytes(text));
    return log.append(utf8Bytes(`${lineStart(this.#options.nowMs())}${oneLine(text)}\n`));
  }
}

/** As Cassandra's logger has it, in UTC. */
const lineStart = (nowMs: number): string =>
  `INFO  [main] ${new Date(nowMs).toISOString().replace('T', ' ').replace('.', ',').slice(0, 23)} FileAuditLogger - `;

function checkCategories(text: string): void {
  for (const one of text.split(',').map((word) => word.trim().toUpperCase()))
    if (one !== '' && !(categories as readonly string[]).includes(one))
      throw invalid(`category ${one} not found in org.apache.cassandra.audit.AuditLogEntryCategory`);
}

/** @throws FerrosaError INVALID */
export function checkRolled({ rollCycle, maxQueueWeight, maxLogSize, maxArchiveRetries }: RolledLogSettings): void {
  if (rollCycleMs(rollCycle) === null)
    throw invalid(`unrecognized roll cycle: ${rollCycle}; it has to be one of ${rollCycleNames.join(', ')}`);
  if (!(maxQueueWeight > 0)) throw invalid('maxQueueWeight must be > 0');
  if (!(maxLogSize > 0)) throw invalid('maxLogSize must be > 0');
  if (!(maxArchiveRetries >= 0)) throw invalid('maxArchiveRetries must be >= 0');
}

/** @throws FerrosaError INVALID when the folder cannot be had */
export function openLog(...[options, counts]: ConstructorParameters<typeof RolledLog>): RolledLog {
  try {
    return new RolledLog(options, counts);
  } catch (error) {
    throw invalid(`The log cannot be written to ${options.folder}: ${(error as Error).message}`);
  }
}
