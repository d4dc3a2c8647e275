// The logs of what clients do, and what the operator may do with them.
import { join } from 'node:path';
import { AuditLog, ClientLogs, FullQueryLog, hostText } from '../../audit/index.js';
import { FerrosaError, invalid } from '../../common/errors.js';
import type { LogControl, LogStatus } from '../../http/index.js';
import type { Processor } from '../../query/index.js';
import { StartProblem } from '../data-folder.js';
import type { Log } from '../log.js';
import { auditSettings, fullQuerySettings, givenAuditSettings, givenFullQuerySettings } from '../log-settings.js';
import type { Config } from '../settings.js';
import { nowMs } from './environment.js';
import type { NodeStorage } from './storage.js';

type Rolled = ReturnType<typeof fullQuerySettings>;

const rolledRows = (settings: Rolled): [string, string][] => [
  ['archive_command', settings.archiveCommand],
  ['roll_cycle', settings.rollCycle],
  ['block', String(settings.block)],
  ['max_log_size', String(settings.maxLogSize)],
  ['max_queue_weight', String(settings.maxQueueWeight)],
  ['max_archive_retries', String(settings.maxArchiveRetries)],
];

const given = <T>(parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    throw error instanceof FerrosaError ? error : invalid((error as Error).message);
  }
};

export class NodeLogs implements LogControl {
  readonly audit: AuditLog;
  readonly queries: FullQueryLog;
  readonly clients: ClientLogs;
  /** Called when one of them begins, changes or ends; resolves when every connection keeps to it. */
  onChange: () => Promise<void> = async () => {};

  constructor(config: Config, { record, metadata }: NodeStorage, processor: Processor, log: Log) {
    this.audit = new AuditLog({
      settings: auditSettings(config, join(config.data_dir, 'audit')),
      allowArchiveCommand: config.audit_logging_options_allow_nodetool_archive_command,
      host: () => hostText(record.broadcastAddress, record.broadcastPort),
      nowMs,
      log,
    });
    this.queries = new FullQueryLog({
      settings: fullQuerySettings(config),
      allowArchiveCommand: config.full_query_logging_options_allow_nodetool_archive_command,
      nowMs,
      log,
    });
    const { audit, queries } = this;
    this.clients = new ClientLogs({ audit, queries, processor, catalogue: metadata.catalogue, nowMs });
  }

  /** @throws StartProblem when the configured audit log cannot be had */
  async start(enabled: boolean): Promise<void> {
    if (!enabled) return;
    try {
      await this.audit.enable();
    } catch (error) {
      throw new StartProblem(`audit_logging_options: ${(error as Error).message}`);
    }
  }

  async stop(): Promise<void> {
    await this.audit.disable();
    await this.queries.disable();
  }

  auditLog(): LogStatus {
    const { isOn, settings, counts } = this.audit;
    return {
      counts,
      rows: [
        ['enabled', String(isOn)],
        ['logger', settings.logger],
        ['audit_logs_dir', settings.folder],
        ...rolledRows(settings),
        ['included_keyspaces', settings.includedKeyspaces],
        ['excluded_keyspaces', settings.excludedKeyspaces],
        ['included_categories', settings.includedCategories],
        ['excluded_categories', settings.excludedCategories],
        ['included_users', settings.includedUsers],
        ['excluded_users', settings.excludedUsers],
      ],
    };
  }

  async enableAuditLog(options: Readonly<Record<string, string>>): Promise<void> {
    await this.audit.enable(
      given(() => givenAuditSettings(options)),
      options['archive_command'] !== undefined,
    );
    await this.onChange();
  }

  async disableAuditLog(): Promise<void> {
    await this.audit.disable();
    await this.onChange();
  }

  fullQueryLog(): LogStatus {
    const { isOn, settings, counts } = this.queries;
    return { counts, rows: [['enabled', String(isOn)], ['log_dir', settings.folder], ...rolledRows(settings)] };
  }

  async enableFullQueryLog(options: Readonly<Record<string, string>>): Promise<void> {
    this.queries.enable(
      given(() => givenFullQuerySettings(options)),
      options['archive_command'] !== undefined,
    );
    await this.onChange();
  }

  async disableFullQueryLog(): Promise<void> {
    await this.queries.disable();
    await this.onChange();
  }

  async resetFullQueryLog(): Promise<void> {
    await this.queries.reset();
    await this.onChange();
  }
}
