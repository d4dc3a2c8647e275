// What logs of clients' doings are told of each request. Source: Cassandra's QueryEvents and AuthEvents.
import { randomUUID } from 'node:crypto';
import type { FerrosaError } from '../common/errors.js';
import type { RequestMessage } from '../protocol/index.js';
import {
  type AnyPlan,
  type ClientState,
  consistencyName,
  type Plan,
  type QueryProcessor,
  type StatementWatch,
} from '../query/index.js';
import type { Catalogue } from '../schema/index.js';
import type { AuditLog } from './audit-log.js';
import { type AuditContext, auditContext } from './context.js';
import type { AuditEntry } from './entry.js';
import type { Category } from './entry-types.js';
import type { FullQueryLog } from './full-query-log.js';
import { hideInMessage, hidePasswords } from './obfuscate.js';

export type StatementMessage = Extract<RequestMessage, { kind: 'QUERY' | 'PREPARE' | 'EXECUTE' | 'BATCH' }>;

/** The record of one request; its answer goes out when `done` or `failed` has ended. */
export interface StatementRecord extends StatementWatch {
  done(): undefined | Promise<void>;
  failed(error: FerrosaError): undefined | Promise<void>;
}

/** What a login came to: null without an error. */
export type LoginRecord = { readonly client: ClientState; readonly error: FerrosaError | null };

export type ClientLogsOptions = {
  readonly audit: AuditLog;
  readonly queries: FullQueryLog;
  readonly processor: Pick<QueryProcessor, 'lookup'>;
  readonly catalogue: Catalogue;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
};

/** What the hot path would run, or fail to. What it may run was found allowed by JavaScript before. */
const hotCategories: readonly Category[] = ['QUERY', 'DML', 'ERROR'];

export class ClientLogs {
  readonly #options: ClientLogsOptions;

  constructor(options: ClientLogsOptions) {
    this.#options = options;
  }

  /** Whether requests have to be told of at all. */
  get isOn(): boolean {
    return this.#options.audit.isOn || this.#options.queries.isOn;
  }

  /** Whether what this user executes must not go past JavaScript. */
  wantsAllOf(user: string | null): boolean {
    const { audit, queries } = this.#options;
    return queries.isOn || audit.mayAdmit(user ?? 'anonymous', hotCategories);
  }

  begin(message: StatementMessage, client: ClientState): StatementRecord {
    return new Statement(this.#options, message, client);
  }

  /** Resolves when the record is in the queue. */
  login({ client, error }: LoginRecord): undefined | Promise<void> {
    const { audit, nowMs } = this.#options;
    if (!audit.isOn) return undefined;
    const operation = error === null ? 'LOGIN SUCCESSFUL' : `LOGIN FAILURE; ${hideInMessage(error, null)}`;
    return audit.record({
      type: error === null ? 'LOGIN_SUCCESS' : 'LOGIN_ERROR',
      user: client.user,
      source: client.address,
      port: client.port,
      timestampMs: nowMs(),
      batch: null,
      keyspace: client.keyspace,
      scope: null,
      operation,
    });
  }
}

class Statement implements StatementRecord {
  readonly #options: ClientLogsOptions;
  readonly #message: StatementMessage;
  readonly #client: ClientState;
  readonly #startedMs: number;
  /** Of the session when the statement began. */
  readonly #keyspace: string | null;
  #plan: Plan | null = null;
  #generatedTimestamp: bigint | null = null;

  constructor(options: ClientLogsOptions, message: StatementMessage, client: ClientState) {
    this.#options = options;
    this.#message = message;
    this.#client = client;
    this.#startedMs = options.nowMs();
    this.#keyspace = client.keyspace;
  }

  planned(plan: AnyPlan): void {
    this.#plan = plan as Plan;
  }

  generated(timestamp: bigint): void {
    this.#generatedTimestamp = timestamp;
  }

  done(): undefined | Promise<void> {
    const { audit, queries } = this.#options;
    const audited = audit.isOn
      ? this.#audit(this.#message.kind === 'BATCH' ? this.#batchEntries() : [this.#doneEntry()])
      : undefined;
    const logged = queries.isOn ? this.#logQuery() : undefined;
    if (audited === undefined || logged === undefined) return audited ?? logged;
    return Promise.all([audited, logged]).then(() => {});
  }

  failed(error: FerrosaError): undefined | Promise<void> {
    if (!this.#options.audit.isOn) return undefined;
    const { kind } = this.#message;
    const context = kind === 'EXECUTE' && this.#plan !== null ? this.#context(this.#plan) : null;
    const hidden = hideInMessage(error, this.#text());
    return this.#audit([
      {
        ...this.#entry(),
        timestampMs: this.#options.nowMs(),
        type: failureType(error),
        keyspace: context?.keyspace ?? this.#keyspace,
        scope: context?.scope ?? null,
        operation: `${this.#failedOperation()}; ${hidden}`,
      },
    ]);
  }

  #logQuery(): undefined | Promise<void> {
    const message = this.#message;
    if (message.kind === 'PREPARE') return undefined;
    const common = {
      startedMs: this.#startedMs,
      protocolVersion: this.#client.protocolVersion,
      keyspace: this.#keyspace,
      parameters: message.parameters,
      generatedTimestamp: this.#generatedTimestamp,
    };
    const { queries } = this.#options;
    if (message.kind !== 'BATCH') return queries.record({ ...common, kind: 'query', query: this.#shown() });
    const entries = message.queries.map(({ query, values }) => ({ query: this.#textOf(query) ?? '', values }));
    return queries.record({ ...common, kind: 'batch', type: message.type, queries: entries });
  }

  #failedOperation(): string {
    if (this.#message.kind !== 'BATCH') return this.#shown();
    const { consistency } = this.#message.parameters;
    const planned = this.#plan?.kind === 'batch' ? this.#plan.statements.length : 0;
    return `BATCH of ${planned} statements at consistency ${consistencyName(consistency)}`;
  }

  #audit(entries: readonly AuditEntry[]): undefined | Promise<void> {
    const { audit } = this.#options;
    const waits = entries.flatMap((entry) => audit.record(entry) ?? []);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
  }

  #doneEntry(): AuditEntry {
    const { kind } = this.#message;
    const context = this.#plan === null ? null : this.#context(this.#plan);
    if (kind === 'PREPARE') {
      const { keyspace = null, scope = null } = context ?? {};
      return { ...this.#entry(), type: 'PREPARE_STATEMENT', keyspace, scope, operation: this.#shown() };
    }
    return {
      ...this.#entry(),
      type: context?.type ?? 'SELECT',
      keyspace: context?.keyspace ?? this.#keyspace,
      scope: context?.scope ?? null,
      operation: this.#shown(),
    };
  }

  /** One of the batch, then one a statement. */
  #batchEntries(): AuditEntry[] {
    if (this.#message.kind !== 'BATCH' || this.#plan?.kind !== 'batch') return [];
    const { queries } = this.#message;
    const batch = randomUUID();
    const base = { ...this.#entry(), batch };
    const operation = `BatchId:[${batch}] - BATCH of [${queries.length}] statements`;
    const entries: AuditEntry[] = [{ ...base, type: 'BATCH', keyspace: this.#keyspace, operation }];
    for (const [i, plan] of this.#plan.statements.entries())
      entries.push({ ...base, ...this.#context(plan), operation: this.#textOf(queries[i]!.query) });
    return entries;
  }

  #entry(): Omit<AuditEntry, 'type' | 'keyspace' | 'operation'> & { readonly scope: null } {
    const { user, address, port } = this.#client;
    return {
      user: user ?? 'anonymous',
      source: address,
      port,
      timestampMs: this.#startedMs,
      batch: null,
      scope: null,
    };
  }

  #context(plan: Plan): AuditContext {
    const { keyspace } = this.#message.kind === 'PREPARE' ? this.#message : { keyspace: null };
    return auditContext(plan, keyspace ?? this.#keyspace, this.#options.catalogue);
  }

  /** The text of what is executed or prepared; null when there is none. */
  #text(): string | null {
    const { kind } = this.#message;
    if (kind === 'BATCH') return this.#message.queries.map(({ query }) => this.#textOf(query)).join('; ');
    return this.#textOf(kind === 'EXECUTE' ? this.#message.id : this.#message.query);
  }

  #textOf(query: string | Uint8Array): string | null {
    return typeof query === 'string' ? query : (this.#options.processor.lookup(query)?.query ?? null);
  }

  #shown(): string {
    const text = this.#text();
    return text === null ? 'null' : hidePasswords(text, this.#plan);
  }
}

function failureType({ code }: FerrosaError): AuditEntry['type'] {
  if (code === 'UNAUTHORIZED') return 'UNAUTHORIZED_ATTEMPT';
  return code === 'BAD_CREDENTIALS' ? 'LOGIN_ERROR' : 'REQUEST_FAILURE';
}
