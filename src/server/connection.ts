// One client connection: bytes in, requests run, answers out.
import type { Socket } from 'node:net';
import {
  type BodyCompressor,
  bodyCompressor,
  decodeRequest,
  EnvelopeFlag,
  type EventType,
  encodeResponse,
  type Frame,
  FramedDecoder,
  type FrameError,
  type Request,
  type ResponseHeader,
  type ResponseMessage,
} from '../protocol/index.js';
import type { ClientState } from '../query/index.js';
import type { HotConnection, HotConnectionHost } from '../shard/index.js';
import type { ClientSocket, ClientTls } from './client-socket.js';
import { asFerrosaError, computedAnswer } from './dispatcher.js';
import type { EventReceiver } from './events.js';
import { type StartupChoice, supportedOptions } from './handshake.js';
import { envelopeFrame, isHotOpcode, isolateAnswers, requestEnvelope } from './hot-envelope.js';
import { Intake, type IntakeHost } from './intake.js';
import { Opening, type OpeningHost } from './opening.js';
import { ConnectionOutput } from './output.js';
import type { ServerServices } from './services.js';
import { SocketClient } from './socket-client.js';
import type { ConnectionStage } from './stage.js';
import { type StatementHost, Statements } from './statements.js';
import type { MovedHost, MovedTransport, Transport } from './transport.js';

/** Consecutive envelopes that cannot be read before the connection is closed (v5): the second closes it. */
const consecutiveErrorsMax = 1;

/** How long a connection that is closed waits for its peer to close too. */
const lingerMs = 2_000;

/** Of all drivers only ScyllaDB's know of shards; they all say so in their names. */
const looksAtShards = (driverName: string | null): boolean => /scylla/i.test(driverName ?? '');

export class Connection implements EventReceiver, HotConnectionHost, MovedHost, IntakeHost, OpeningHost, StatementHost {
  readonly client: ClientState;
  /** Null without TLS. */
  readonly tls: ClientTls | null;
  #transport: Transport;
  /** Set while the socket is on this thread. */
  #socket: Socket | null;
  /** Set when it is on the thread of a shard. */
  #moved: MovedTransport | null = null;
  readonly #services: ServerServices;
  readonly #output: ConnectionOutput;
  readonly #shard: number | null;
  readonly #shardIsChosen: boolean;
  readonly #intake: Intake;
  readonly #opening: Opening;
  readonly #statements: Statements;
  #compressor: BodyCompressor | null = null;
  /** Set once statements may come. */
  #hot: HotConnection | null = null;
  #registered: ReadonlySet<EventType> = new Set();
  #sentBeforeMove = 0;
  #errorsInARow = 0;
  /** Requests that came to JavaScript without having been in the hot path. */
  #plainRequests = 0;
  /** Called once, when the connection is gone. */
  onClosed: () => void = () => {};

  /**
   * @param shard  the shard this connection was made for, null when for none
   * @param chosen  the client chose it
   */
  constructor(connected: ClientSocket, services: ServerServices, shard: number | null = null, chosen = false) {
    this.#shardIsChosen = chosen;
    const { socket, tls } = connected;
    this.tls = tls;
    this.#transport = socket;
    this.#socket = socket;
    this.#services = services;
    this.#shard = shard;
    this.#output = new ConnectionOutput(connected, () => this.#onDrain());
    this.#intake = new Intake(this, socket, services.budget.limits.frameBytesMax, services.metrics);
    this.#opening = new Opening(this, services);
    this.client = new SocketClient(socket, () => this.#opening.version);
    this.#statements = new Statements(this, services, this.client, this.#intake);
    socket.setNoDelay(true);
    socket.on('drain', () => this.#onDrain());
    socket.on('timeout', () => this.#onTimeout());
    socket.on('error', () => socket.destroy());
    // The socket's close is not the connection's when it has moved.
    socket.on('close', () => this.#transport === socket && this.#onClose());
    socket.setTimeout(services.budget.limits.idleTimeoutMs);
    connected.start((bytes, length) => this.#onData(bytes, length));
  }

  get protocolVersion(): number {
    return this.#opening.version;
  }

  get stage(): ConnectionStage {
    return this.#opening.stage;
  }

  get startup(): StartupChoice | null {
    return this.#opening.startup;
  }

  get inFlight(): number {
    const elsewhere = (this.#hot?.inFlight ?? 0) + (this.#moved?.inFlight ?? 0);
    return this.#statements.inFlight + this.#intake.declined + elsewhere;
  }

  /** Requests of every kind so far. */
  get requestCount(): number {
    return this.#plainRequests + (this.#hot?.taken ?? this.#moved?.taken ?? 0);
  }

  get sentBytes(): number {
    return this.#output.sentBytes;
  }

  sendEvent(envelope: Uint8Array): void {
    // A client that registered and does not read is let go before it costs memory without end.
    if (this.#output.backlogBytes > this.#services.budget.limits.outputBytesMax * 2) this.#transport.destroy();
    else this.#output.send(envelope);
  }

  /** Takes no further request; the connection ends when those in flight are answered. */
  close(): void {
    if (!this.#intake.isStopped) this.#moved?.stop();
    this.#intake.stop();
    this.#transport.pause();
    this.#endWhenIdle();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  /** The bytes before `length`; the buffer is used again for the next read. */
  #onData(bytes: Buffer, length: number): void {
    this.#services.metrics.receivedBytes += length;
    if (this.#intake.isStopped) return;
    const rest = this.#hot === null ? Buffer.from(bytes.subarray(0, length)) : this.#hot.data(bytes, length);
    if (rest === null) return;
    this.#intake.push(rest);
  }

  /** @internal */
  movedData(bytes: Uint8Array): void {
    this.#intake.push(bytes);
  }

  /** @internal */
  movedBadFrame(error: FrameError): void {
    if (!this.#intake.isStopped) this.badFrame(error);
  }

  /** @internal */
  movedDrain(): void {
    this.#onDrain();
  }

  /** @internal */
  movedIdle(): void {
    this.#endWhenIdle();
  }

  /** @internal */
  movedTimeout(): void {
    this.#onTimeout();
  }

  /** @internal */
  movedClose(): void {
    this.#onClose();
  }

  /** @internal */
  hotAnswers(bytes: Uint8Array, start: number, end: number, plain: boolean): boolean {
    const kept = plain || this.#output.sendRaw(bytes, start, end);
    if (plain) for (const one of isolateAnswers(bytes.subarray(start, end), this.#compressor)) this.#output.send(one);
    if (kept) this.#checkBacklog();
    this.#endWhenIdle();
    return kept;
  }

  /** @internal */
  hotLeft(bytes: Uint8Array): void {
    this.#intake.push(bytes);
  }

  /** @internal */
  hotDeclined(envelope: Uint8Array): void {
    this.#intake.decline(envelope);
  }

  /** @internal */
  hotComputed(envelope: Uint8Array, rowCount: number, rows: Uint8Array): number {
    const frame = envelopeFrame(envelope);
    try {
      const { message } = decodeRequest(frame.opcode, frame.version, frame.flags, frame.body);
      const answer =
        message.kind === 'EXECUTE' ? computedAnswer(this.#services.processor, message, { rowCount, rows }) : null;
      if (answer?.result.kind === 'rows') {
        this.send(frame, { kind: 'RESULT', result: answer.result }, answer.warnings);
        this.#endWhenIdle();
        return answer.result.rowCount;
      }
    } catch {
      // Executed, it is answered with what was wrong.
    }
    this.frame(frame, false);
    return -1;
  }

  /** @internal */
  hotPause(): void {
    this.#intake.pause('hot-path');
  }

  /** @internal */
  hotResume(): void {
    this.#intake.resume('hot-path');
  }

  /** Whether simple statements may go past the dispatcher: not while requests are sampled for tracing. */
  setHot(hot: boolean): void {
    this.#hot?.setHot(hot && this.#mayBeHot);
    this.#moved?.setHot(hot && this.#mayBeHot);
  }

  /** @internal */
  keyspaceSet(keyspace: string): void {
    this.#hot?.setKeyspace(keyspace);
    this.#moved?.setKeyspace(keyspace);
  }

  /** What a guardrail has to look at goes through the dispatcher, and what a log is told of. */
  get #mayBeHot(): boolean {
    const { logs, guardrails } = this.#services;
    if (logs?.isOn && logs.wantsAllOf(this.client.user)) return false;
    if (guardrails?.guardsEverybody === true) return false;
    return this.client.isOrdinary !== true || guardrails?.guardsHotPath !== true;
  }

  /** @internal */
  badFrame(item: FrameError): void {
    this.#services.metrics.protocolErrors++;
    this.#output.send(
      encodeResponse({ kind: 'ERROR', error: item.error }, { version: item.version, stream: item.stream }),
    );
    if (item.close === 'counted') this.#errorsInARow++;
    if (item.close === 'after-answer' || this.#errorsInARow > consecutiveErrorsMax) this.close();
  }

  /** @internal */
  frame(frame: Frame, mayBeHot: boolean): void {
    this.#errorsInARow = 0;
    this.#count(mayBeHot ? 1 : 0);
    let request: Request;
    try {
      this.#opening.check(frame);
      const body = this.#plainBody(frame);
      // The hot path does not decompress: what was compressed, by itself or (v5) with its segment, is offered again.
      const wasCompressed = body !== frame.body || (frame.version >= 5 && this.#opening.startup?.compression != null);
      const isOffered = mayBeHot && wasCompressed && isHotOpcode(frame.opcode);
      if (isOffered && this.#hot?.offer(requestEnvelope(frame, body))) {
        this.#count(-1);
        return;
      }
      request = decodeRequest(frame.opcode, frame.version, frame.flags, body);
    } catch (error) {
      this.fail(frame, error, null);
      if (this.#opening.isStranger(frame)) this.close();
      return;
    }
    this.#handle(frame, request);
  }

  /** The hot path counts what it takes. */
  #count(requests: number): void {
    this.#plainRequests += requests;
    this.#services.metrics.plainRequests += requests;
  }

  #plainBody(frame: Frame): Uint8Array {
    const isCompressed = (frame.flags & EnvelopeFlag.COMPRESSED) !== 0 && frame.body.length > 0;
    if (!isCompressed || this.#compressor === null || frame.version >= 5) return frame.body;
    return this.#compressor.decompress(frame.body, this.#services.budget.limits.frameBytesMax);
  }

  #handle(frame: Frame, request: Request): void {
    const { message } = request;
    switch (message.kind) {
      case 'OPTIONS':
        this.send(frame, { kind: 'SUPPORTED', options: this.#supported() });
        break;
      case 'STARTUP':
        this.#opening.start(frame, message.options);
        break;
      case 'AUTH_RESPONSE':
        void this.#opening.authenticate(frame, message.token);
        break;
      case 'REGISTER':
        this.#registered = new Set([...this.#registered, ...message.types]);
        this.send(frame, { kind: 'READY' });
        this.#services.events.register(this, message.types);
        break;
      default:
        this.#statements.admit(frame, message, this.#opening.startup?.throwOnOverload ?? false);
    }
  }

  #supported(): Map<string, readonly string[]> {
    return new Map([...supportedOptions, ...this.#services.supported({ shard: this.#shard })]);
  }

  /** @internal */
  agreed({ compression }: StartupChoice, version: number): void {
    if (version >= 5) {
      const { frameBytesMax } = this.#services.budget.limits;
      this.#output.startFraming(compression === 'lz4');
      this.#intake.decodeWith(new FramedDecoder(version, compression === 'lz4', frameBytesMax));
    } else if (compression !== null) {
      this.#compressor = bodyCompressor(compression);
    }
  }

  /** @internal From here on the socket's bytes go through the hot path first: on the thread of its shard, or on this one. */
  ready(): void {
    const { hotPath, traces } = this.#services;
    const { startup, version } = this.#opening;
    if (hotPath === null || startup === null) return;
    const rest = this.#intake.drain();
    // Requests sent before the answer to the login and cut in the middle: this connection stays as it is.
    if (rest === null) return;
    if (this.#moveToShard(startup, rest)) return;
    const { compression, throwOnOverload } = startup;
    this.#hot = hotPath.open(version, compression, throwOnOverload, this);
    if (traces?.isSampling || !this.#mayBeHot) this.#hot.setHot(false);
    if (this.#hotGroup > 0) this.#hot.setGroup(this.#hotGroup);
    if (rest.length === 0) return;
    const left = this.#hot.data(rest, rest.length);
    if (left !== null) this.#intake.hold(left);
  }

  /** Whose permissions decide what the hot path may run; 0 for nobody's. */
  get #hotGroup(): number {
    return this.#services.hotGroups?.of(this.client) ?? 0;
  }

  /** False when it belongs to no shard or cannot go there now: then it is served from here. */
  #moveToShard({ compression, throwOnOverload, driverName }: StartupChoice, early: Uint8Array): boolean {
    // Where nobody looks at the shard of a connection, this thread serves unprepared statements at less cost.
    if (this.tls !== null || (!this.#shardIsChosen && !looksAtShards(driverName))) return false;
    const { shardSockets, traces } = this.#services;
    if (this.#shard === null || shardSockets === null || this.#socket === null) return false;
    this.#output.flush();
    const hot = !(traces?.isSampling ?? false) && this.#mayBeHot;
    const state = { version: this.#opening.version, compression, throwOnOverload, hot, group: this.#hotGroup };
    const moved = shardSockets.move(this.#shard, this.#socket, state, early, this);
    if (moved === null) return false;
    this.#sentBeforeMove = this.#output.sentBytes;
    this.#transport = moved;
    this.#moved = moved;
    this.#socket = null;
    this.#output.moveTo(moved);
    this.#intake.moveTo(moved);
    return true;
  }

  /** @internal */
  holdForLogin(isHeld: boolean): void {
    if (isHeld) this.#intake.pause('authentication');
    else this.#intake.resume('authentication');
  }

  /** @internal */
  statementEnded(): void {
    this.#endWhenIdle();
  }

  /** @internal Returns the bytes of the answer. */
  send(
    frame: Frame,
    message: ResponseMessage,
    warnings: readonly string[] = [],
    tracingId: Uint8Array | null = null,
  ): number {
    if (this.#transport.destroyed) return 0;
    const { version, stream } = frame;
    const header: ResponseHeader = { version, stream, warnings, tracingId, compressor: this.#compressor };
    const envelope = encodeResponse(message, header);
    this.#output.send(envelope);
    this.#checkBacklog();
    return envelope.length;
  }

  #checkBacklog(): void {
    const isBehind = this.#output.backlogBytes > this.#services.budget.limits.outputBytesMax;
    if (isBehind && this.#intake.pause('output')) this.#hot?.hold();
  }

  /** @internal */
  fail(frame: Frame, error: unknown, tracingId: Uint8Array | null): void {
    this.#services.metrics.errors++;
    const known = asFerrosaError(error, this.client, this.#services.log);
    if (known.code === 'PROTOCOL_ERROR') this.#services.metrics.protocolErrors++;
    // An error keeps the version of its connection even when the request had another.
    const version = this.#opening.version === 0 ? frame.version : this.#opening.version;
    this.send({ ...frame, version }, { kind: 'ERROR', error: known }, [], tracingId);
  }

  /** When nothing more is taken and all is answered. */
  #endWhenIdle(): void {
    if (!this.#intake.isStopped || this.inFlight > 0 || this.#transport.destroyed) return;
    this.#output.end();
    // The peer's bytes are not wanted any more; reading them lets its close be seen, and keeps the answer from being reset away.
    this.#transport.resume();
    this.#transport.setTimeout(lingerMs);
  }

  #onDrain(): void {
    if (this.#output.backlogBytes > this.#services.budget.limits.outputBytesMax || !this.#intake.lift('output')) return;
    this.#hot?.release();
    this.#intake.proceed();
  }

  #onTimeout(): void {
    if (this.inFlight === 0) this.#transport.destroy();
  }

  #onClose(): void {
    this.#intake.stop();
    this.client.isGone = true;
    this.#hot?.close();
    this.#hot = null;
    this.#services.events.unregister(this);
    this.#statements.close();
    // The shard counts what it has written itself.
    this.#services.metrics.sentBytes += this.#moved === null ? this.#output.sentBytes : this.#sentBeforeMove;
    this.onClosed();
  }
}
