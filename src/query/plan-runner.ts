// Runs what has been planned and bound: each kind of plan by who knows how.
import { FerrosaError, invalid } from '../common/errors.js';
import type { TableDefinition } from '../schema/index.js';
import type { AccessControl } from './access/access-control.js';
import type { ClientState, QueryOptions, QueryResult } from './api.js';
import { checkReadConsistency } from './consistency.js';
import type { Coordinator } from './coordinator.js';
import { isHotPlan } from './hot-plan.js';
import type { MaskAccess } from './mask-access.js';
import { explain } from './observe/explain.js';
import { MeasuringCoordinator } from './observe/measuring-coordinator.js';
import type { StatementObserver } from './observe/observer.js';
import { checkWanted, type RunningQuery } from './observe/running-queries.js';
import { runningRows } from './observe/running-rows.js';
import { traceIndexes } from './observe/tracing-coordinator.js';
import type { Plan } from './plan.js';
import type { PagingStateCodec } from './select/paging-state.js';
import { ReadThresholds } from './select/read-thresholds.js';
import { executeSelect } from './select/select-execute.js';
import type { SelectPlan } from './select/select-plan.js';
import { TombstoneWatch } from './select/tombstones.js';
import type { QueryServices } from './services.js';
import type { BindContext } from './terms/term.js';
import { packCells } from './values.js';
import type { WriteEnvironment } from './write/environment.js';
import { checkNoView, executeBatch, executeWrite } from './write/execute.js';
import type { ListPaths } from './write/list-paths.js';
import type { WritePlan } from './write/write-plan.js';

/** What one execution is run with. */
export type Execution = {
  readonly query: RunningQuery;
  readonly coordinator: Coordinator;
  /** Called when the conditions of a statement hold, before it is applied: what it throws ends it. Left out: nothing is to be looked at. */
  readonly onHeld?: (() => void) | null;
};

/** Whom statements ask about their clients; both may come later than the statements. */
export type AccessRules = {
  /** Who sees the values of masked columns; null: everybody. */
  readonly maskAccess: MaskAccess | null;
  /** Who may do what; null: everybody everything, and no roles. */
  readonly access: AccessControl | null;
};

export class PlanRunner {
  constructor(
    private readonly services: QueryServices,
    private readonly observer: StatementObserver,
    private readonly paging: PagingStateCodec,
    private readonly paths: ListPaths,
    private readonly rules: AccessRules,
  ) {}

  /** @throws FerrosaError what the statement is answered with, at once or in the promise */
  run(
    plan: Plan,
    client: ClientState,
    options: QueryOptions,
    bind: BindContext,
    execution: Execution,
  ): Promise<QueryResult> {
    if (plan.kind === 'select' && plan.masked === null) return this.#read(plan, client, options, bind, execution);
    if (plan.kind !== 'write') return this.#runOther(plan, client, options, bind, execution);
    return executeWrite(plan, bind, this.writeEnvironment(client, options, execution));
  }

  #read(
    plan: SelectPlan,
    client: ClientState,
    options: QueryOptions,
    bind: BindContext,
    { query, coordinator }: Execution,
  ): Promise<QueryResult> {
    checkReadConsistency(options.consistency);
    const { settings, clock } = this.services;
    const node = this.services.node ?? null;
    const thresholds = this.#readThresholds(plan, client, options, bind);
    const configured = plan.restrictions.isKeyRange ? settings.rangeTimeoutMs : settings.readTimeoutMs;
    if (options.tracer !== null) traceIndexes(options.tracer, plan);
    return executeSelect(plan, {
      coordinator: thresholds?.watched(coordinator) ?? coordinator,
      read: {
        consistency: options.consistency,
        timeoutMs: plan.timeoutMs ?? configured,
        check: () => checkWanted(query),
      },
      bind,
      nowSeconds: options.nowInSeconds ?? clock.nowSeconds(),
      pageSize: options.pageSize,
      pagingState: options.pagingState,
      paging: this.paging,
      tombstones:
        thresholds === null
          ? new TombstoneWatch(settings.tombstoneWarn, settings.tombstoneFail, options.consistency, node)
          : new TombstoneWatch(Infinity, Infinity, options.consistency, node),
      thresholds,
      denylist: client.isInternal === true ? null : (this.services.denylist ?? null),
      mayClean: options.nowInSeconds === null,
      virtualRows: this.services.virtualRows,
    });
  }

  /** Null when reads are not watched: what the server itself reads is not. */
  #readThresholds(
    plan: SelectPlan,
    client: ClientState,
    { consistency, pageSize }: QueryOptions,
    bind: BindContext,
  ): ReadThresholds | null {
    const { guardrails: config, settings, node } = this.services;
    if (client.isInternal === true || !config.flag('read_thresholds_enabled')) return null;
    const { tombstoneWarn, tombstoneFail } = settings;
    const limits = { config, tombstoneWarn, tombstoneFail, consistency, pageSize, node: node ?? null };
    return new ReadThresholds(plan, bind, limits);
  }

  async #runOther(
    plan: Exclude<Plan, WritePlan>,
    client: ClientState,
    options: QueryOptions,
    bind: BindContext,
    execution: Execution,
  ): Promise<QueryResult> {
    switch (plan.kind) {
      case 'select': {
        const shown = plan.masked === null ? plan : await this.#planShownTo(plan, plan.masked, client);
        return this.#read(shown, client, options, bind, execution);
      }
      case 'batch':
        return executeBatch(
          plan,
          plan.statements.map(() => bind),
          this.writeEnvironment(client, options, execution),
        );
      case 'schema': {
        const { change, warnings } = await this.services.metadata.change(
          plan.statement,
          options.keyspace ?? client.keyspace,
        );
        if (change !== null) await this.rules.access?.schemaChanged(client, plan.statement, change);
        const result: QueryResult = change === null ? { kind: 'void' } : { kind: 'schemaChange', change };
        return warnings.length > 0 ? { ...result, warnings } : result;
      }
      case 'auth':
        if (this.rules.access === null) throw invalid(`${plan.statement.statement} needs an authenticator`);
        return this.rules.access.run(plan.statement, client.user, options.keyspace ?? client.keyspace);
      case 'truncate':
        checkTruncatable(plan.table);
        await execution.coordinator.truncate(plan.table.id, this.services.settings.truncateTimeoutMs);
        return { kind: 'void' };
      case 'use':
        if (client.isInternal !== true && !this.services.guardrails.flag('use_statements_enabled'))
          throw invalid('USE statements prohibited. (see use_statements_enabled in cassandra.yaml)');
        if (!this.services.catalogue.schema.keyspaces.has(plan.keyspace))
          throw invalid(`Keyspace '${plan.keyspace}' does not exist`);
        client.keyspace = plan.keyspace;
        return { kind: 'setKeyspace', keyspace: plan.keyspace };
      case 'describe':
        return this.#describe(plan, client, options);
      case 'listQueries': {
        const ofAll = await this.#rulesOthers(client);
        const queries = this.observer.running.all().filter((one) => ofAll || one.client.user === client.user);
        return runningRows(queries, this.services.clock.monotonicMicros());
      }
      case 'killQuery':
        this.observer.running.kill(plan.id, client, await this.#rulesOthers(client));
        return { kind: 'void' };
      case 'explain':
        return this.#explain(plan, client, options, bind, execution);
    }
  }

  /** Whether queries of others are the client's business. */
  async #rulesOthers(client: ClientState): Promise<boolean> {
    const { access } = this.rules;
    return access === null || client.isInternal === true || (await access.rulesOthers(client.user));
  }

  async #explain(
    { analyze, of }: Extract<Plan, { kind: 'explain' }>,
    client: ClientState,
    options: QueryOptions,
    bind: BindContext,
    execution: Execution,
  ): Promise<QueryResult> {
    if (of.kind === 'write') checkNoView(of.table);
    const isHot = isHotPlan(of, bind.values.length);
    if (!analyze) return explain(of, isHot, null);
    const { clock, coordinator } = this.services;
    const measuring = new MeasuringCoordinator(coordinator, () => clock.monotonicMicros());
    const start = clock.monotonicMicros();
    const result = await this.run(of, client, options, bind, { ...execution, coordinator: measuring });
    const { reads, readMicros, liveRows, tombstones, sstables } = measuring;
    const totalMicros = clock.monotonicMicros() - start;
    return explain(of, isHot, { reads, readMicros, liveRows, tombstones, sstables, totalMicros, result });
  }

  /**
   * The plan with the masks that hide values from the client, or without them.
   * @throws FerrosaError UNAUTHORIZED when it asks about hidden values in WHERE
   */
  async #planShownTo(plan: SelectPlan, masked: SelectPlan, client: ClientState): Promise<SelectPlan> {
    const access = this.rules.maskAccess;
    const { settings } = this.services;
    const { table, maskedRestrictions } = plan;
    if (access === null || !settings.dynamicDataMasking || (await access.has(client, 'UNMASK', table))) return plan;
    if (maskedRestrictions.length > 0 && !(await access.has(client, 'SELECT_MASKED', table)))
      throw new FerrosaError(
        'UNAUTHORIZED',
        `User ${client.user} has no UNMASK nor SELECT_MASKED permission on table ${table.keyspace}.${table.name}, ` +
          `cannot query masked columns [${maskedRestrictions.join(', ')}]`,
      );
    return masked;
  }

  #describe(plan: Extract<Plan, { kind: 'describe' }>, client: ClientState, options: QueryOptions): QueryResult {
    const { columns, rows } = this.services.describe(plan.statement, options.keyspace ?? client.keyspace);
    const start = options.pagingState === null ? 0 : this.paging.decode(options.pagingState, 0).remaining;
    const end = options.pageSize > 0 ? Math.min(rows.length, start + options.pageSize) : rows.length;
    const position = new Uint8Array(0);
    const next = { remaining: end, givenInPartition: 0, shape: 0, position };
    return {
      kind: 'rows',
      columns,
      rowCount: end - start,
      rows: rows.slice(start, end).map(packCells),
      pagingState: end < rows.length ? this.paging.encode(next) : null,
    };
  }

  writeEnvironment(
    client: ClientState,
    options: QueryOptions,
    { coordinator, onHeld }: Pick<Execution, 'coordinator' | 'onHeld'>,
  ): WriteEnvironment {
    const { settings, clock } = this.services;
    const timestamp = options.timestamp ?? clock.nowMicros();
    if (options.timestamp === null) options.watch?.generated(timestamp);
    return {
      coordinator,
      denylist: client.isInternal === true ? null : (this.services.denylist ?? null),
      onHeld: onHeld ?? null,
      settings,
      figures: this.observer.figures,
      paths: this.paths,
      consistency: options.consistency,
      serialConsistency: options.serialConsistency,
      timestamp,
      nowSeconds: options.nowInSeconds ?? clock.nowSeconds(),
    };
  }
}

/** Told to who may truncate it only. @throws FerrosaError INVALID */
function checkTruncatable(table: TableDefinition): void {
  if (table.view !== undefined)
    throw invalid('Cannot TRUNCATE materialized view directly; must truncate base table instead');
  if (table.virtual) throw invalid(`Truncation is not supported by table ${table.keyspace}.${table.name}`);
}
