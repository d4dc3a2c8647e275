// Runs statements: parse, plan, execute (the QueryProcessor that the server talks to).
import { invalid } from '../common/errors.js';
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
  type ReadRows,
  type RowsResult,
} from './api.js';
import { type BatchPlan, checkBatch } from './batch/batch-plan.js';
import type { Coordinator } from './coordinator.js';
import { Guard } from './guardrails/guard.js';
import { guardSchemaChange } from './guardrails/schema-guard.js';
import { guardExecution, guardPlan } from './guardrails/statement-guard.js';
import type { MaskAccess } from './mask-access.js';
import { StatementObserver } from './observe/observer.js';
import { batchText, observed, type RequestText } from './observe/request-text.js';
import { checkWanted, type RunningQuery } from './observe/running-queries.js';
import { TracingCoordinator } from './observe/tracing-coordinator.js';
import { type Plan, type PlanInput, type PlannedStatement, planStatement } from './plan.js';
import { type Execution, PlanRunner } from './plan-runner.js';
import {
  type Prepared,
  PreparedStore,
  type PreparedTable,
  resultMetadataId,
  statementId,
  unprepared,
} from './prepared/prepared-store.js';
import { TextPlans } from './prepared/text-plans.js';
import { computeRead } from './select/computed-read.js';
import { PagingStateCodec } from './select/paging-state.js';
import type { QueryServices } from './services.js';
import { StatementFunctions, type World } from './statement-functions.js';
import type { BindContext, UserCalls } from './terms/term.js';
import { checkNoView, executeBatch } from './write/execute.js';
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
  readonly #uuids: TimeUuids;
  readonly #text: TextContext;
  readonly #world: World;
  readonly #runner: PlanRunner;

  constructor(
    readonly services: QueryServices,
    preparedTable: PreparedTable = noTable,
  ) {
    const nowMs = () => services.clock.nowMs();
    this.observer = new StatementObserver(
      services.settings,
      services.clock,
      (table) => services.catalogue.tableById(table) !== null,
    );
    this.prepared = new PreparedStore(services.settings.preparedStatementsCacheBytes, preparedTable);
    this.texts = new TextPlans(services.settings.textPlansMax, (parsed, keyspace) => this.#plan(parsed, keyspace));
    this.#uuids = new TimeUuids(() => services.clock.nowMicros(), services.randomBytes(8));
    const paths = new ListPaths(this.#uuids, nowMs);
    const paging = new PagingStateCodec(services.pagingKey);
    this.#runner = new PlanRunner(services, this.observer, paging, paths, this);
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
    const { plan } = planned;
    // Told to who may prepare it: whoever sends it whole has to have the permission first.
    for (const write of plan.kind === 'batch' ? plan.statements : plan.kind === 'write' ? [plan] : [])
      checkNoView(write.table);
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
    const request = 'example' in statement ? 'QUERY' : 'EXECUTE';
    const as = { request, text: statement.query, shape: null, id: statement.id };
    if (asked !== undefined) return asked.then(() => this.#execute(planned, client, options, values, as));
    this.onPermitted(client, statement.id);
    return this.#execute(planned, client, options, values, as);
  }

  compute(statement: PreparedStatement, options: QueryOptions, read: ReadRows): RowsResult | null {
    const { plan } = (statement as Prepared).planned;
    if (plan.kind !== 'select') return null;
    try {
      return computeRead(plan, this.#bind(options.values), options.pageSize, read);
    } catch {
      // Executed, it says what was wrong.
      return null;
    }
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
    const as = observed({ request: 'BATCH', text, shape: null, batch }, plan, client, options);
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
      const values = { options, nowMicros: this.services.clock.nowMicros() };
      const onHeld = guard === null ? null : guardExecution(guard, plan, binds, values);
      const result = await executeBatch(
        plan,
        binds,
        this.#runner.writeEnvironment(client, options, { coordinator: this.#coordinator(options), onHeld }),
      );
      return withWarnings(result, guard, warnings);
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
        ? this.#runner.run(planned.plan, client, options, this.#bind(values), { query, coordinator })
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
    const { plan, onHeld } =
      guard === null ? { plan: planned.plan, onHeld: null } : this.#guarded(guard, planned.plan, client, options, bind);
    const result = await this.#runner.run(plan, client, options, bind, { ...execution, onHeld });
    return withWarnings(result, guard, warnings);
  }

  /** Null for whom guardrails are not. */
  #guard(client: ClientState): Guard | null {
    return client.isOrdinary === true ? new Guard(this.services.guardrails) : null;
  }

  /** What is to be run. @throws FerrosaError INVALID for what a guardrail forbids */
  #guarded(
    guard: Guard,
    plan: Plan,
    client: ClientState,
    options: QueryOptions,
    bind: BindContext,
  ): { readonly plan: Plan; readonly onHeld: (() => void) | null } {
    const { catalogue, clock } = this.services;
    if (plan.kind === 'schema') {
      const keyspace = options.keyspace ?? client.keyspace;
      const statement = guardSchemaChange(guard, plan.statement, catalogue.schema, keyspace);
      return { plan: { ...plan, statement }, onHeld: null };
    }
    return { plan, onHeld: guardExecution(guard, plan, [bind], { options, nowMicros: clock.nowMicros() }) };
  }
}

/** The result with the warnings of guardrails before its own, and those of user functions behind them. */
function withWarnings(result: QueryResult, guard: Guard | null, calls: ReadonlySet<string>): QueryResult {
  const warnings = [...(guard?.warnings ?? []), ...(result.warnings ?? []), ...calls];
  return warnings.length === 0 ? result : { ...result, warnings };
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
