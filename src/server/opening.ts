// How a connection opens: version, STARTUP and the login. Source: Cassandra's ServerConnection, native_protocol_v5.spec section 2.3.1.
import { type Frame, opcodeName, type ResponseMessage } from '../protocol/index.js';
import type { ClientState } from '../query/index.js';
import type { ClientTls } from './client-socket.js';
import { asFerrosaError } from './dispatcher.js';
import { readStartup, type StartupChoice } from './handshake.js';
import type { ServerServices } from './services.js';
import { type ConnectionStage, checkStage, wrongVersion } from './stage.js';

export interface OpeningHost {
  readonly client: ClientState;
  readonly tls: ClientTls | null;
  send(frame: Frame, message: ResponseMessage): unknown;
  fail(frame: Frame, error: unknown, tracingId: null): void;
  /** STARTUP has its answer, a plain envelope: framing and compression begin after it. */
  agreed(startup: StartupChoice, version: number): void;
  /** Statements may come. */
  ready(): void;
  /** Takes nothing more until the login has its answer. */
  holdForLogin(isHeld: boolean): void;
}

export class Opening {
  readonly #host: OpeningHost;
  readonly #services: ServerServices;
  #version = 0;
  #stage: ConnectionStage = 'ESTABLISHED';
  #startup: StartupChoice | null = null;

  constructor(host: OpeningHost, services: ServerServices) {
    this.#host = host;
    this.#services = services;
  }

  /** 0 before STARTUP. */
  get version(): number {
    return this.#version;
  }

  get stage(): ConnectionStage {
    return this.#stage;
  }

  get startup(): StartupChoice | null {
    return this.#startup;
  }

  /** @throws FerrosaError PROTOCOL_ERROR for a message that has no place here */
  check(frame: Frame): void {
    if (this.#version !== 0 && frame.version !== this.#version) throw wrongVersion(frame.version, this.#version);
    checkStage(this.#stage, frame.opcode);
  }

  /** Before STARTUP nothing says that a peer which sends anything else speaks the protocol at all. */
  isStranger(frame: Frame): boolean {
    return this.#stage === 'ESTABLISHED' && opcodeName(frame.opcode) !== 'STARTUP';
  }

  start(frame: Frame, options: ReadonlyMap<string, string>): void {
    let startup: StartupChoice;
    try {
      startup = readStartup(options, frame.version);
    } catch (error) {
      this.#host.fail(frame, error, null);
      return;
    }
    this.#startup = startup;
    const { className } = this.#services.authenticator;
    if (className === null) this.#host.send(frame, { kind: 'READY' });
    else this.#host.send(frame, { kind: 'AUTHENTICATE', authenticator: className });
    this.#stage = className === null ? 'READY' : 'AUTHENTICATING';
    this.#version = frame.version;
    this.#host.agreed(startup, frame.version);
    if (className === null) this.#host.ready();
  }

  async authenticate(frame: Frame, token: Uint8Array): Promise<void> {
    const { authenticator, guardrails, logs, log, metrics } = this.#services;
    const { client, tls } = this.#host;
    this.#host.holdForLogin(true);
    try {
      const user = await authenticator.authenticate(token, client.address, tls?.certificate);
      client.user = user;
      client.isOrdinary = (await guardrails?.isOrdinary(user)) ?? false;
      this.#stage = 'READY';
      metrics.authenticationSuccesses++;
      await logs?.login({ client, error: null });
      this.#host.send(frame, { kind: 'AUTH_SUCCESS', token: null });
      this.#host.ready();
    } catch (error) {
      metrics.authenticationFailures++;
      const known = asFerrosaError(error, client, log);
      await logs?.login({ client, error: known });
      this.#host.fail(frame, known, null);
    } finally {
      this.#host.holdForLogin(false);
    }
  }
}
