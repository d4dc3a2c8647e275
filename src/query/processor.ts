// Runs statements: parse, plan, execute (the QueryProcessor that the server talks to).
import { FerrosaError, invalid } from '../common/errors.js';
import { parseStatement, withoutPassword } from '../cql/index.js';
import type { BindValue, TextContext } from '../types/index.js';
import type { AccessControl } from './access/access-control.js';
import { requirementsOf } from './access/requirements.js';
import type { Resource } from './access/resource.js';
import {
  type BatchRequest,
  type ClientState,
  Consistency,
  type PreparedStatement,
  type QueryOptions,
  type QueryProcessor,
  type QueryResult,
} from './api.js';
import { type BatchPlan, checkBatch } from './batch/batch-plan.js';
import { checkReadConsistency } from './consistency.js';
import type { Coordinator } from './coordinator.js';
import type { FunctionContext } from './function-api.js';
import { Guard } from './guardrails/guard.js';
import { guardSchemaChange } from './guardrails/schema-guard.js';
import { guardExecution, guardPlan } from './guardrails/statement-guard.js';
import { isHotPlan } from './hot-plan.js';
import type { MaskAccess } from './mask-access.js';
import { explain } from './observe/explain.js';
import { MeasuringCoordinator } from './observe/measuring-coordinator.js';
import { type ObservedStatement, StatementObserver } from './observe/observer.js';
import { checkWanted, type RunningQuery } from './observe/running-queries.js';
import { runningRows } from './observe/running-rows.js';
import { TracingCoordinator, traceIndexes } from './observe/tracing-coordinator.js';
import { type Plan, type PlanInput, type PlannedStatement, planStatement } from './plan.js';
import {
  type Prepared,
  PreparedStore,
  type PreparedTable,
  resultMetadataId,
  statementId,
  unprepared,
} from './prepared/prepared-store.js';
import { TextPlans } from './prepared/text-plans.js';
import { PagingStateCodec } from './select/paging-state.js';
import { executeSelect } from './select/select-execute.js';
import type { SelectPlan } from './select/select-plan.js';
import { TombstoneWatch } from './select/tombstones.js';
import type { QueryServices } from './services.js';
import type { BindContext, UserCalls } from './terms/term.js';
import { packCells } from './values.js';
import type { WriteEnvironment } from './write/environment.js';
import { executeBatch, executeWrite } from './write/execute.js';
import { ListPaths } from './write/list-paths.js';
import { TimeUuids } from './write/time-uuid.js';
import type { WritePlan } from './write/write-plan.js';

const markersMax = 0xffff;
const noTable: PreparedTable = { put: () => {}, remove: () => {} };

export class Processor implements QueryProcessor {
  readonly prepared: PreparedStore;
  readonly texts: TextPlans;
  /** What it has run, and runs. */
  readonly observer: StatementObserver;
  /** Who sees the values of masked columns; null: everybody. */
  maskAccess: MaskAccess | null = null;
  /** Who may do what; null: everybody everything, and no roles. */
  access: AccessControl | null = null;
  /** Called when a client has executed a prepared statement whose permissions are known without a read. */
  onPermitted: (client: ClientState, id: Uint8Array) => void = () => {};
  readonly #paging: PagingStateCodec;
  readonly #uuids: TimeUuids;
  readonly #paths: ListPaths;
  readonly #text: TextContext;
  readonly #world: { nowMicros(): bigint } & Omit<FunctionContext, 'nowMicros'>;

  constructor(
    readonly services: QueryServices,
    preparedTable: PreparedTable = noTable,
  ) {
    const nowMs = () => services.clock.nowMs();
    this.observer = new StatementObserver(services.settings, services.clock);
    this.prepared = new PreparedStore(services.settings.preparedStatementsCacheBytes, preparedTable);
    this.texts = new TextPlans(services.settings.textPlansMax, (parsed, keyspace) => this.#plan(parsed, keyspace));
    this.#paging = new PagingStateCodec(services.pagingKey);
    this.#uuids = new TimeUuids(() => services.clock.nowMicros(), services.randomBytes(8));
    this.#paths = new ListPaths(this.#uuids, nowMs);
    this.#text = { nowMs };
    this.#world = {
      nowMicros: () => services.clock.nowMicros(),
      nextTimeUuid: () => this.#uuids.next(),
      randomBytes: (count) => services.randomBytes(count),
    };
    services.catalogue.onChange((change) => {
      this.prepared.onSchemaChange(change);
      this.texts.clear();
      for (const { before, after } of change.tables)
        if (before !== null && after === null) this.observer.figures.forget(before.id);
    });
  }

  async query(text: string, client: ClientState, options: QueryOptions): Promise<QueryResult> {
    options.tracer?.event(`Parsing ${withoutPassword(text)}`);
    const parsed = parseStatement(text);
    options.tracer?.event('Preparing statement');
    const keyspace = options.keyspace ?? client.keyspace;
    const planned = this.#plan(parsed, keyspace);
    options.watch?.planned(planned.plan);
    const values = orderValues(planned, options);
    if (values.length !== planned.bindColumns.length) throw invalid('Invalid amount of bind variables');
    const asked = this.#authorize(planned, client, options);
    if (asked !== undefined) await asked;
    const as = { request: 'QUERY', text, shape: parsed.shape };
    const result = await this.#execute(planned, client, options, values, as);
    const hot = this.texts.note(text, parsed.shape, planned, keyspace);
    if (hot !== undefined && asked === undefined) this.onPermitted(client, hot.id);
    return result;
  }

  async prepare(text: string, client: ClientState, keyspace: string | null): Promise<PreparedStatement> {
    const prepared = this.prepareIn(text, keyspace ?? client.keyspace, true);
    const guard = this.#guard(client);
    if (guard === null) return prepared;
    guardPlan(guard, prepared.planned.plan);
    return guard.warnings.length === 0 ? prepared : { ...prepared, warnings: guard.warnings };
  }

  /** Prepares in a keyspace; the same text twice gives the statement that is there. */
  prepareIn(text: string, keyspace: string | null, persist: boolean): Prepared {
    const known = this.prepared.get(statementId(text, null)) ?? null;
    if (known?.planned.fullyQualified) return known;
    const inKeyspace = this.prepared.get(statementId(text, keyspace)) ?? null;
    if (inKeyspace !== null && inKeyspace.query === text && inKeyspace.keyspace === keyspace) return inKeyspace;
    const planned = this.#plan(parseStatement(text), keyspace);
    const markers = planned.bindColumns.length;
    if (markers > markersMax)
      throw invalid(`Too many markers(?). ${markers} markers exceed the allowed maximum of ${markersMax}`);
    const of = planned.fullyQualified ? null : keyspace;
    const prepared: Prepared = {
      id: statementId(text, of),
      resultMetadataId: resultMetadataId(planned.resultColumns),
      query: text,
      keyspace: of,
      bindColumns: planned.bindColumns,
      partitionKeyIndexes: planned.partitionKeyIndexes,
      resultColumns: planned.resultColumns,
      isConditional: planned.isConditional,
      planned,
    };
    this.prepared.put(prepared, persist);
    return prepared;
  }

  lookup(id: Uint8Array): PreparedStatement | null {
    return this.prepared.get(id) ?? this.texts.byId(id) ?? null;
  }

  execute(statement: PreparedStatement, client: ClientState, options: QueryOptions): Promise<QueryResult> {
    const { planned } = statement as Prepared;
    options.watch?.planned(planned.plan);
    const values = orderValues(planned, options);
    const wanted = planned.bindColumns.length;
    if (values.length !== wanted)
      throw invalid(`there were ${wanted} markers(?) in CQL but ${values.length} bound variables`);
    const asked = this.#authorize(planned, client, options);
    const as = { request: 'example' in statement ? 'QUERY' : 'EXECUTE', text: statement.query, shape: null };
    if (asked !== undefined) return asked.then(() => this.#execute(planned, client, options, values, as));
    this.onPermitted(client, statement.id);
    return this.#execute(planned, client, options, values, as);
  }

  async batch(batch: BatchRequest, client: ClientState, options: QueryOptions): Promise<QueryResult> {
    const keyspace = options.keyspace ?? client.keyspace;
    const statements: WritePlan[] = [];
    const prepared: Uint8Array[] = [];
    const calledFunctions = new Set<Resource>();
    const entries: PlannedStatement[] = [];
    for (const { query, values } of batch.entries) {
      const planned =
        typeof query === 'string' ? this.#plan(parseStatement(query), keyspace) : this.#preparedPlan(query);
      if (planned.plan.kind !== 'write')
        throw invalid('Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.');
      const wanted = planned.bindColumns.length;
      if (values.length !== wanted)
        throw invalid(`There were ${wanted} markers(?) in CQL but ${values.length} bound variables`);
      entries.push(planned);
      statements.push(planned.plan);
      if (typeof query !== 'string') prepared.push(query);
      for (const fn of planned.calledFunctions) calledFunctions.add(fn);
    }
    const plan: BatchPlan = {
      kind: 'batch',
      type: batch.type,
      attributes: { timestamp: null, ttl: null },
      statements,
      timeoutMs: null,
    };
    options.watch?.planned(plan);
    const asked = this.#authorize({ plan, calledFunctions }, client, options);
    if (asked === undefined) for (const id of prepared) this.onPermitted(client, id);
    else await asked;
    checkBatch(plan);
    const text = batchText(batch, (id) => this.prepared.get(id)?.query);
    const as = observed({ request: 'BATCH', text, shape: null }, plan, client, options);
    return this.observer.run(as, async (query) => {
      // Only who may call functions has them called.
      const warnings = new Set<string>();
      const binds: BindContext[] = [];
      for (const [i, { values }] of batch.entries.entries()) {
        const planned = entries[i]!;
        const hasCalls = planned.functionNames.size > 0;
        binds.push(hasCalls ? await this.#bindCalls(planned, values, warnings, query) : this.#bind(values));
      }
      const guard = this.#guard(client);
      if (guard !== null) guardExecution(guard, plan, binds, { options, nowMicros: this.services.clock.nowMicros() });
      const result = await executeBatch(plan, binds, this.#writeEnvironment(options, this.#coordinator(options)));
      for (const warning of guard?.warnings ?? []) warnings.add(warning);
      return withWarnings(result, warnings);
    });
  }

  /** Undefined when the client may run it as far as is known without a read. @throws FerrosaError UNAUTHORIZED, also in the promise */
  #authorize(
    { plan, calledFunctions }: Pick<PlannedStatement, 'plan' | 'calledFunctions'>,
    client: ClientState,
    options: QueryOptions,
  ): undefined | Promise<void> {
    if (this.access === null || client.isInternal) return undefined;
    const keyspace = options.keyspace ?? client.keyspace;
    return this.access.check(client, requirementsOf(plan, keyspace, this.services.catalogue.schema, calledFunctions));
  }

  #preparedPlan(id: Uint8Array): PlannedStatement {
    const found = this.prepared.get(id);
    if (found === undefined) throw unprepared(id);
    return found.planned;
  }

  #plan(parsed: ReturnType<typeof parseStatement>, keyspace: string | null): PlannedStatement {
    const { catalogue, functions } = this.services;
    const input: PlanInput = { schema: catalogue.schema, functions, text: this.#text, keyspace };
    return planStatement(input, parsed);
  }

  #bind(values: readonly BindValue[]): BindContext {
    return { values, functions: new StatementFunctions(this.#world), json: null, user: null };
  }

  /** For statements that may call user functions: makes the calls in their terms. */
  async #bindCalls(
    planned: PlannedStatement,
    values: readonly BindValue[],
    warnings: Set<string>,
    query: RunningQuery,
  ): Promise<BindContext> {
    const { userFunctions, clock } = this.services;
    const caller = {
      warn: (message: string) => void warnings.add(message),
      check: () => checkWanted(query),
      elapsedMs: () => (clock.monotonicMicros() - query.startedMicros) / 1000,
    };
    const user: UserCalls = {
      results: new Map(),
      map: (fn, rows) => userFunctions.map(fn, rows, caller),
      fold: (fn, state, rows) => userFunctions.fold(fn, state, rows, caller),
    };
    const context = { ...this.#bind(values), user };
    for (const call of planned.userCalls) await call.call(context);
    return context;
  }

  /** The one that tells the trace, for who is traced. */
  #coordinator({ tracer }: QueryOptions): Coordinator {
    const { coordinator, catalogue } = this.services;
    return tracer === null ? coordinator : new TracingCoordinator(coordinator, tracer, catalogue);
  }

  #writeEnvironment(options: QueryOptions, coordinator: Coordinator): WriteEnvironment {
    const { settings, clock } = this.services;
    const timestamp = options.timestamp ?? clock.nowMicros();
    if (options.timestamp === null) options.watch?.generated(timestamp);
    return {
      coordinator,
      settings,
      figures: this.observer.figures,
      paths: this.#paths,
      consistency: options.consistency,
      serialConsistency: options.serialConsistency,
      timestamp,
      nowSeconds: options.nowInSeconds ?? clock.nowSeconds(),
    };
  }

  #execute(
    planned: PlannedStatement,
    client: ClientState,
    options: QueryOptions,
    values: readonly BindValue[],
    as: RequestText,
  ): Promise<QueryResult> {
    const coordinator = this.#coordinator(options);
    return this.observer.run(observed(as, planned.plan, client, options), (query) => {
      const guard = this.#guard(client);
      // Most statements call nothing and have nobody to guard against: they pass without promises of their own.
      return guard === null && planned.functionNames.size === 0
        ? this.#run(planned.plan, client, options, this.#bind(values), { query, coordinator })
        : this.#runGuarded(planned, client, options, values, guard, { query, coordinator });
    });
  }

  async #runGuarded(
    planned: PlannedStatement,
    client: ClientState,
    options: QueryOptions,
    values: readonly BindValue[],
    guard: Guard | null,
    execution: Execution,
  ): Promise<QueryResult> {
    const warnings = new Set<string>();
    const bind = await this.#bindCalls(planned, values, warnings, execution.query);
    const plan = guard === null ? planned.plan : this.#guarded(guard, planned.plan, client, options, bind);
    const result = await this.#run(plan, client, options, bind, execution);
    for (const warning of guard?.warnings ?? []) warnings.add(warning);
    return withWarnings(result, warnings);
  }

  /** Null for whom guardrails are not. */
  #guard(client: ClientState): Guard | null {
    return client.isOrdinary === true ? new Guard(this.services.guardrails) : null;
  }

  /** What is to be run. @throws FerrosaError INVALID for what a guardrail forbids */
  #guarded(guard: Guard, plan: Plan, client: ClientState, options: QueryOptions, bind: BindContext): Plan {
    const { catalogue, clock } = this.services;
    if (plan.kind === 'schema') {
      const keyspace = options.keyspace ?? client.keyspace;
      return { ...plan, statement: guardSchemaChange(guard, plan.statement, catalogue.schema, keyspace) };
    }
    guardExecution(guard, plan, [bind], { options, nowMicros: clock.nowMicros() });
    return plan;
  }

  #run(
    plan: Plan,
    client: ClientState,
    options: QueryOptions,
    bind: BindContext,
    execution: Execution,
  ): Promise<QueryResult> {
    if (plan.kind === 'select' && plan.masked === null) return this.#read(plan, options, bind, execution);
    if (plan.kind !== 'write') return this.#runOther(plan, client, options, bind, execution);
    return executeWrite(plan, bind, this.#writeEnvironment(options, execution.coordinator));
  }

  #read(
    plan: SelectPlan,
    options: QueryOptions,
    bind: BindContext,
    { query, coordinator }: Execution,
  ): Promise<QueryResult> {
    checkReadConsistency(options.consistency);
    const { settings, clock } = this.services;
    const configured = plan.restrictions.isKeyRange ? settings.rangeTimeoutMs : settings.readTimeoutMs;
    if (options.tracer !== null) traceIndexes(options.tracer, plan);
    return executeSelect(plan, {
      coordinator,
      read: {
        consistency: options.consistency,
        timeoutMs: plan.timeoutMs ?? configured,
        check: () => checkWanted(query),
      },
      bind,
      nowSeconds: options.nowInSeconds ?? clock.nowSeconds(),
      pageSize: options.pageSize,
      pagingState: options.pagingState,
      paging: this.#paging,
      tombstones: new TombstoneWatch(settings.tombstoneWarn, settings.tombstoneFail, options.consistency),
      mayClean: options.nowInSeconds === null,
      virtualRows: this.services.virtualRows,
    });
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
        return this.#read(shown, options, bind, execution);
      }
      case 'batch':
        return executeBatch(
          plan,
          plan.statements.map(() => bind),
          this.#writeEnvironment(options, execution.coordinator),
        );
      case 'schema': {
        const { change, warnings } = await this.services.metadata.change(
          plan.statement,
          options.keyspace ?? client.keyspace,
        );
        if (change !== null) await this.access?.schemaChanged(client, plan.statement, change);
        const result: QueryResult = change === null ? { kind: 'void' } : { kind: 'schemaChange', change };
        return warnings.length > 0 ? { ...result, warnings } : result;
      }
      case 'auth':
        if (this.access === null) throw invalid(`${plan.statement.statement} needs an authenticator`);
        return this.access.run(plan.statement, client.user, options.keyspace ?? client.keyspace);
      case 'truncate':
        await execution.coordinator.truncate(plan.table.id, this.services.settings.truncateTimeoutMs);
        return { kind: 'void' };
      case 'use':
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
        return this.#explain(plan, client, options, bind, execution.query);
    }
  }

  /** Whether queries of others are the client's business. */
  async #rulesOthers(client: ClientState): Promise<boolean> {
    return this.access === null || client.isInternal === true || (await this.access.rulesOthers(client.user));
  }

  async #explain(
    { analyze, of }: Extract<Plan, { kind: 'explain' }>,
    client: ClientState,
    options: QueryOptions,
    bind: BindContext,
    query: RunningQuery,
  ): Promise<QueryResult> {
    const isHot = isHotPlan(of, bind.values.length);
    if (!analyze) return explain(of, isHot, null);
    const { clock, coordinator } = this.services;
    const measuring = new MeasuringCoordinator(coordinator, () => clock.monotonicMicros());
    const start = clock.monotonicMicros();
    const result = await this.#run(of, client, options, bind, { query, coordinator: measuring });
    const { reads, readMicros, liveRows, tombstones, sstables } = measuring;
    const totalMicros = clock.monotonicMicros() - start;
    return explain(of, isHot, { reads, readMicros, liveRows, tombstones, sstables, totalMicros, result });
  }

  /**
   * The plan with the masks that hide values from the client, or without them.
   * @throws FerrosaError UNAUTHORIZED when it asks about hidden values in WHERE
   */
  async #planShownTo(plan: SelectPlan, masked: SelectPlan, client: ClientState): Promise<SelectPlan> {
    const access = this.maskAccess;
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

  #describe(
    plan: Extract<PlannedStatement['plan'], { kind: 'describe' }>,
    client: ClientState,
    options: QueryOptions,
  ): QueryResult {
    const { columns, rows } = this.services.describe(plan.statement, options.keyspace ?? client.keyspace);
    const start = options.pagingState === null ? 0 : this.#paging.decode(options.pagingState, 0).remaining;
    const end = options.pageSize > 0 ? Math.min(rows.length, start + options.pageSize) : rows.length;
    const position = new Uint8Array(0);
    const next = { remaining: end, givenInPartition: 0, shape: 0, position };
    return {
      kind: 'rows',
      columns,
      rowCount: end - start,
      rows: rows.slice(start, end).map(packCells),
      pagingState: end < rows.length ? this.#paging.encode(next) : null,
    };
  }
}

/** The result with the warnings of user functions behind its own. */
function withWarnings(result: QueryResult, warnings: ReadonlySet<string>): QueryResult {
  return warnings.size === 0 ? result : { ...result, warnings: [...(result.warnings ?? []), ...warnings] };
}

/** Values in the order of the markers, also when the client bound them by name. */
function orderValues(planned: PlannedStatement, options: QueryOptions): readonly BindValue[] {
  const { names, values } = options;
  if (names === null) return values;
  const byName = new Map<string, BindValue>(names.map((name, i) => [name, values[i]!]));
  const ordered: BindValue[] = [];
  for (const { name } of planned.bindColumns) {
    const value = byName.get(name);
    if (value !== undefined) ordered.push(value);
  }
  return ordered;
}

/** What functions see of the world: one moment for all of a statement, which is looked at when it is asked for. */
class StatementFunctions implements FunctionContext {
  #nowMicros: bigint | null = null;

  constructor(private readonly world: { nowMicros(): bigint } & Omit<FunctionContext, 'nowMicros'>) {}

  get nowMicros(): bigint {
    this.#nowMicros ??= this.world.nowMicros();
    return this.#nowMicros;
  }

  nextTimeUuid(): Uint8Array {
    return this.world.nextTimeUuid();
  }

  randomBytes(count: number): Uint8Array {
    return this.world.randomBytes(count);
  }
}

/** What one execution is run with. */
type Execution = { readonly query: RunningQuery; readonly coordinator: Coordinator };

type RequestText = Pick<ObservedStatement, 'request' | 'text' | 'shape'>;

function observed(
  { request, text, shape }: RequestText,
  plan: Plan,
  client: ClientState,
  options: QueryOptions,
): ObservedStatement {
  const keyspace = options.keyspace ?? client.keyspace;
  return { request, text, shape, plan, client, keyspace, consistency: options.consistency };
}

/** A batch of the protocol as the statement that it is. */
function batchText({ type, entries }: BatchRequest, textOf: (id: Uint8Array) => string | undefined): string {
  const kind = type === 'logged' ? '' : `${type.toUpperCase()} `;
  const texts = new Set(entries.map(({ query }) => (typeof query === 'string' ? query : (textOf(query) ?? ''))));
  return `BEGIN ${kind}BATCH ${[...texts].join('; ')}; APPLY BATCH`;
}

/** Options of statements that the server runs for itself. */
export function internalOptions(values: readonly BindValue[], pageSize = 0): QueryOptions {
  return {
    consistency: Consistency.ONE,
    serialConsistency: Consistency.SERIAL,
    values,
    names: null,
    pageSize,
    pagingState: null,
    timestamp: null,
    nowInSeconds: null,
    keyspace: null,
    tracer: null,
  };
}
