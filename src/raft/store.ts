// The metadata store on main: turns statements into commands, waits until they are committed, publishes what they made.
import assert from 'node:assert';
import { FerrosaError } from '../common/errors.js';
import { metadataChangesPendingMax, metadataLogBytesMax } from '../common/limits.js';
import {
  applyDdl,
  Catalogue,
  type CheckViewWhere,
  type DdlContext,
  diffSchemas,
  type NodeFigures,
  type ResolveMask,
  type Schema,
  type SchemaChange,
  type SchemaStatement,
  schemaEvents,
  type UserFunction,
  type VirtualContext,
} from '../schema/index.js';
import { formatUuid, timeUuid } from '../types/index.js';
import type { Consensus, LogEntry } from './consensus.js';
import {
  applyCommand,
  initialState,
  type MetadataCommand,
  type MetadataState,
  type NodeRecord,
  type RoleRecord,
  stateFromSnapshot,
  stateToSnapshot,
  topologyOf,
} from './state.js';

/** Attempts of a change whose schema was overtaken by another node's. */
const attemptsMax = 16;

export type MetadataEnvironment = {
  /** Microseconds since 1970, strictly increasing in the process. */
  nowMicros(): bigint;
  randomBytes(count: number): Uint8Array;
  /** User-defined functions: whether they may be made, and whether this one can be called. */
  readonly functions?: {
    readonly enabled: boolean;
    /** @throws FerrosaError INVALID when its body is not one of its language */
    check(fn: UserFunction): Promise<void>;
  };
  /** Finds the functions of masks; absent or null when masking is off. */
  readonly resolveMask?: ResolveMask | null;
  /** Plans the WHERE of a view that is to be made. */
  readonly checkViewWhere?: CheckViewWhere;
  /** Something that an operator should know. */
  report(message: string): void;
};

export type ChangeResult = {
  /** null: nothing was to do, the client gets VOID. */
  readonly change: SchemaChange | null;
  readonly warnings: readonly string[];
};

export class MetadataStore {
  /** The schema of this process; changes come through it to whoever listens. */
  readonly catalogue: Catalogue;
  readonly #consensus: Consensus;
  readonly #environment: MetadataEnvironment;
  #state: MetadataState;
  #appliedIndex: number;
  /** Ends with the change that is the last in line. */
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #snapshotting = false;

  private constructor(consensus: Consensus, environment: MetadataEnvironment, state: MetadataState, applied: number) {
    this.#consensus = consensus;
    this.#environment = environment;
    this.#state = state;
    this.#appliedIndex = applied;
    this.catalogue = new Catalogue(state.schema);
    consensus.onCommitted((entries) => this.#onCommitted(entries));
  }

  /**
   * Restores the state and is ready for changes.
   * @throws FerrosaError CORRUPT with file and offset
   */
  static async open(consensus: Consensus, environment: MetadataEnvironment): Promise<MetadataStore> {
    const { snapshot, entries, reports } = await consensus.open();
    for (const report of reports) environment.report(report);
    let state = snapshot === null ? initialState() : stateFromSnapshot(snapshot.state);
    for (const entry of entries) state = applyCommand(state, entry.command);
    const applied = entries.at(-1)?.index ?? snapshot?.index ?? 0;
    return new MetadataStore(consensus, environment, state, applied);
  }

  get state(): MetadataState {
    return this.#state;
  }

  get clusterName(): string | null {
    return this.#state.clusterName;
  }

  /**
   * What the tables of system, system_schema, system_virtual_schema and system_views are made of, as of now.
   * REQUIRES: putNode was called for this node, ensureClusterName for the cluster.
   */
  virtualContext(self: { hostId: string; gossipGeneration: number; figures: NodeFigures }): VirtualContext {
    const { schema, nodes, clusterName } = this.#state;
    const local = nodes.get(self.hostId);
    assert(local !== undefined && clusterName !== null);
    const peers = [...nodes.values()].filter((node) => node !== local);
    return {
      schema,
      clusterName,
      gossipGeneration: self.gossipGeneration,
      local,
      // The log gives every node the same schema.
      peers: peers.map((node) => ({ ...node, schemaVersion: schema.version })),
      figures: self.figures,
    };
  }

  get nodes(): readonly NodeRecord[] {
    return [...this.#state.nodes.values()];
  }

  /**
   * Executes a DDL statement: returns once it is committed and every listener of the catalogue has been told.
   * @param keyspace  the session's, or null
   * @throws FerrosaError with Cassandra's code and text when the statement cannot be applied; OVERLOADED
   */
  change(statement: SchemaStatement, keyspace: string | null): Promise<ChangeResult> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const before = this.#state.schema;
        const result = applyDdl(before, statement, this.#ddlContext(keyspace));
        const { change, warnings } = result;
        if (change === null) return { change, warnings };
        if (statement.kind === 'createFunction') await this.#checkFunction(result.schema, change);
        const delta = diffSchemas(before, result.schema);
        await this.#consensus.propose({ kind: 'schema', base: before.version, delta });
        if (this.#state.schema.version === result.schema.version) return { change, warnings };
      }
      throw new FerrosaError('SERVER_ERROR', 'The schema changed too often while the statement waited; try again');
    });
  }

  /** Names the cluster at its first start. @throws FerrosaError CONFIG_ERROR when it has another name */
  ensureClusterName(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#state.clusterName;
      if (known === null) await this.#propose({ kind: 'clusterName', name });
      else if (known !== name)
        throw new FerrosaError('CONFIG_ERROR', `Saved cluster name ${known} != configured name ${name}`);
    });
  }

  /** Records what a node is, when that is not what is known already. */
  putNode(node: NodeRecord): Promise<void> {
    return this.#inTurn(async () => {
      if (JSON.stringify(this.#state.nodes.get(node.hostId)) !== JSON.stringify(node))
        await this.#propose({ kind: 'putNode', node });
    });
  }

  putRole(role: RoleRecord): Promise<void> {
    return this.#inTurn(() => this.#propose({ kind: 'putRole', role }));
  }

  dropRole(name: string): Promise<void> {
    return this.#inTurn(() => this.#propose({ kind: 'dropRole', name }));
  }

  /** Waits for the changes that were asked for and closes the log. */
  async stop(): Promise<void> {
    await this.#queue.catch(() => {});
    await this.#consensus.stop();
  }

  async #propose(command: MetadataCommand): Promise<void> {
    await this.#consensus.propose(command);
  }

  /** One change after the other, so that each is made for the schema that it will meet. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#waiting >= metadataChangesPendingMax)
      return Promise.reject(new FerrosaError('OVERLOADED', 'Too many changes of the schema are waiting'));
    this.#waiting++;
    const done = this.#queue
      .catch(() => {})
      .then(run)
      .finally(() => {
        this.#waiting--;
      });
    this.#queue = done;
    return done;
  }

  async #checkFunction(schema: Schema, { keyspace, name, argumentTypes }: SchemaChange): Promise<void> {
    const fn = schema.keyspaces.get(keyspace)!.functions.get(`${name}(${argumentTypes!.join(', ')})`);
    if (fn?.kind === 'function') await this.#environment.functions?.check(fn);
  }

  #ddlContext(keyspace: string | null): DdlContext {
    const nowMicros = this.#environment.nowMicros();
    return {
      keyspace,
      userFunctionsEnabled: this.#environment.functions?.enabled ?? false,
      resolveMask: this.#environment.resolveMask ?? null,
      checkViewWhere: this.#environment.checkViewWhere ?? null,
      topology: topologyOf(this.#state),
      nowMicros,
      newTableId: () => formatUuid(timeUuid(nowMicros * 10n, this.#environment.randomBytes(8))),
    };
  }

  #onCommitted(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (entry.index <= this.#appliedIndex) continue;
      const before = this.#state.schema;
      this.#state = applyCommand(this.#state, entry.command);
      this.#appliedIndex = entry.index;
      const after = this.#state.schema;
      if (before !== after) this.catalogue.publish(after, schemaEvents(before, after));
    }
    if (this.#consensus.logBytes() > metadataLogBytesMax) this.#takeSnapshot();
  }

  #takeSnapshot(): void {
    if (this.#snapshotting) return;
    this.#snapshotting = true;
    this.#consensus
      .snapshot(stateToSnapshot(this.#state), this.#appliedIndex)
      .catch((error: Error) => this.#environment.report(`metadata snapshot failed: ${error.message}`))
      .finally(() => {
        this.#snapshotting = false;
      });
  }
}
