// The statements of one connection that JavaScript runs: admitted while there is room for them, and each answered once.
import type { StatementMessage } from '../audit/index.js';
import { FerrosaError } from '../common/errors.js';
import type { Frame, ResponseMessage } from '../protocol/index.js';
import type { ClientState } from '../query/index.js';
import { type Answer, type AnswerSink, asFerrosaError, runLogged, runStatement } from './dispatcher.js';
import { RequestsInFlight } from './in-flight.js';
import type { Intake } from './intake.js';
import type { ServerServices, TraceSession } from './services.js';
import { beginTrace, tracingIdFor } from './trace-text.js';

export interface StatementHost {
  /** Returns the bytes of the answer. */
  send(frame: Frame, message: ResponseMessage, warnings: readonly string[], tracingId: Uint8Array | null): number;
  fail(frame: Frame, error: unknown, tracingId: Uint8Array | null): void;
  /** Before the client hears of it: what it sends then means this keyspace. */
  keyspaceSet(keyspace: string): void;
  /** After each answer. */
  statementEnded(): void;
}

export class Statements {
  readonly #host: StatementHost;
  readonly #services: ServerServices;
  readonly #client: ClientState;
  readonly #intake: Intake;
  readonly #requests: RequestsInFlight;

  constructor(host: StatementHost, services: ServerServices, client: ClientState, intake: Intake) {
    this.#host = host;
    this.#services = services;
    this.#client = client;
    this.#intake = intake;
    this.#requests = new RequestsInFlight(services.budget.limits);
  }

  get inFlight(): number {
    return this.#requests.count;
  }

  /** Runs a statement when there is room for it, else says so or stops reading. */
  admit(frame: Frame, message: StatementMessage, throwOnOverload: boolean): void {
    const { budget, metrics } = this.#services;
    const bytes = frame.body.length;
    const overload = budget.overload(this.#client.address, bytes);
    if (overload !== null) {
      metrics.overloads++;
      if (throwOnOverload) {
        this.#host.fail(frame, new FerrosaError('OVERLOADED', overload), null);
        return;
      }
      // This one is read already and runs; what follows waits in the socket.
      this.#intake.pause('overload');
      budget.onRelease(this.#onBudgetReleased);
    }
    budget.acquire(this.#client.address, bytes);
    this.#requests.begin();
    if (this.#requests.isFull) this.#intake.pause('in-flight');
    metrics.statements[message.kind]!++;
    this.#run(frame, message, bytes);
  }

  /** The connection is gone: nothing waits for room any more. */
  close(): void {
    this.#services.budget.forget(this.#onBudgetReleased);
  }

  readonly #onBudgetReleased = (): void => {
    const { budget } = this.#services;
    if (budget.overload(this.#client.address, 0) !== null) budget.onRelease(this.#onBudgetReleased);
    else this.#intake.resume('overload');
  };

  #run(frame: Frame, message: StatementMessage, bytes: number): void {
    const { processor, logs, log } = this.#services;
    const client = this.#client;
    const trace = beginTrace(this.#services, frame, message, client.address);
    const sink: AnswerSink = {
      answered: (answer) => this.#answer(frame, bytes, trace, answer),
      failed: (error) => this.#answer(frame, bytes, trace, asFerrosaError(error, client, log)),
    };
    if (logs?.isOn) runLogged({ processor, logs, log }, message, client, trace, sink);
    else runStatement(processor, message, client, { tracer: trace }, sink);
  }

  #answer(frame: Frame, bytes: number, trace: TraceSession | null, answer: Answer | FerrosaError): void {
    trace?.finish();
    const tracingId = tracingIdFor(frame, trace);
    let sent = 0;
    try {
      if (answer instanceof FerrosaError) throw answer;
      const { result, warnings } = answer;
      if (result.kind === 'setKeyspace') this.#host.keyspaceSet(result.keyspace);
      sent = this.#host.send(frame, { kind: 'RESULT', result }, warnings, tracingId);
    } catch (error) {
      this.#host.fail(frame, error, tracingId);
    }
    this.#services.budget.release(this.#client.address, bytes);
    this.#requests.end(sent);
    if (!this.#requests.isFull) this.#intake.resume('in-flight');
    this.#host.statementEnded();
  }
}
