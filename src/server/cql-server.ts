// Accepts CQL connections on one or more addresses.
import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ClientSocket, clientSocket, streamSocket } from './client-socket.js';
import { Connection } from './connection.js';
import type { ServerServices } from './services.js';
import { plainAddress } from './socket-client.js';
import { identityOf, TlsAcceptor } from './tls.js';

export type ListenAddress = { readonly host: string; readonly port: number };

/** Connections that the kernel keeps until they are accepted. */
const backlog = 1024;

export class CqlServer {
  readonly #services: ServerServices;
  readonly #connections = new Set<Connection>();
  #listeners: Server[] = [];
  readonly #tls = new Map<boolean, TlsAcceptor>();
  /** Every address this server has ever listened on, and whether clients choose their shard there. */
  readonly #addresses = new Map<string, boolean>();
  #shardAwarePort: number | null = null;

  constructor(services: ServerServices) {
    this.#services = services;
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Where clients choose their shard by the port they come from; null before that is open. */
  get shardAwarePort(): number | null {
    return this.#shardAwarePort;
  }

  get isListening(): boolean {
    return this.#listeners.length > 0;
  }

  /**
   * Starts to accept. Returns the port, which the system chose when 0 was asked for.
   * @param shardAware  clients choose their shard by the port they come from
   * @throws Error with the code of node:net when the address cannot be had
   */
  async listen(address: ListenAddress, shardAware = false): Promise<number> {
    this.#prepareTls(shardAware);
    const listener = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) =>
      this.#accept(socket, shardAware),
    );
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ host: address.host, port: address.port, backlog }, () => {
        listener.removeListener('error', reject);
        resolve();
      });
    });
    listener.on('error', (error) => this.#services.log.error({ error: error.message }, 'CQL listener failed'));
    this.#listeners.push(listener);
    const bound = listener.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    this.#addresses.set(`${address.host} ${port}`, shardAware);
    if (shardAware) this.#shardAwarePort = port;
    return port;
  }

  /** Accepts again where it did before `stop`. @throws Error as `listen` */
  async listenAgain(): Promise<void> {
    if (this.isListening) return;
    for (const [address, shardAware] of [...this.#addresses]) {
      const [host, port] = address.split(' ');
      await this.listen({ host: host!, port: Number(port) }, shardAware);
    }
  }

  /** Whether simple statements go past the dispatcher, for every connection there is. */
  setHot(hot: boolean): void {
    for (const connection of this.#connections) connection.setHot(hot);
  }

  /** Stops to accept; connections stay. */
  async stopListening(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    // close() reports only when the last connection is gone; the port is free at once.
    for (const listener of listeners) listener.close();
  }

  /**
   * Stops to accept, lets requests in flight be answered, then ends every connection.
   * @param graceMs  connections that are still busy after it are cut
   */
  async stop(graceMs: number): Promise<void> {
    await this.stopListening();
    for (const acceptor of this.#tls.values()) acceptor.stop();
    for (const connection of this.#connections) connection.close();
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const connection of this.#connections) connection.destroy();
      }, graceMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #onEmpty: (() => void) | null = null;

  /** The shard that is to serve a new connection, null for none: this thread does. */
  #shardOf(socket: Socket, shardAware: boolean): number | null {
    const { shardSockets } = this.#services;
    if (shardSockets === null) return null;
    return shardAware ? shardSockets.shardOfPort(socket.remotePort ?? 0) : shardSockets.nextShard();
  }

  #accept(accepted: Socket, shardAware: boolean): void {
    const { budget, metrics, log } = this.#services;
    if (accepted.remoteAddress === undefined) {
      accepted.destroy();
      return;
    }
    // The budget counts by what the connection will call itself.
    const address = plainAddress(accepted.remoteAddress);
    if (!budget.tryConnect(address)) {
      metrics.connectionsRefused++;
      log.warn({ address }, 'Connection refused: too many connections');
      accepted.destroy();
      return;
    }
    metrics.connectionsAccepted++;
    const release = () => {
      metrics.connectionsClosed++;
      budget.disconnect(address);
    };
    const acceptor = this.#tls.get(shardAware);
    if (acceptor === undefined) this.#connect(clientSocket(accepted), shardAware, release);
    else {
      // With TLS the connection may end before it is one.
      accepted.once('close', release);
      acceptor.accept(accepted, () => {
        // It may move to another thread, and is closed here then.
        accepted.removeListener('close', release);
        this.#connect(streamSocket(accepted), shardAware, release);
      });
    }
  }

  #connect(client: ClientSocket, shardAware: boolean, onClosed: () => void = () => {}): void {
    const connection = new Connection(client, this.#services, this.#shardOf(client.socket, shardAware), shardAware);
    this.#connections.add(connection);
    connection.onClosed = () => {
      this.#connections.delete(connection);
      onClosed();
      if (this.#connections.size === 0) this.#onEmpty?.();
    };
  }

  #prepareTls(shardAware: boolean): void {
    const { tls } = this.#services;
    if (tls === null || this.#tls.has(shardAware)) return;
    const onSecure = (socket: TLSSocket): void => {
      const certificate = socket.authorized ? { identity: identityOf(socket) } : null;
      const protocol = socket.getProtocol() ?? '';
      this.#connect(streamSocket(socket, { protocol, cipherSuite: socket.getCipher().name, certificate }), shardAware);
    };
    this.#tls.set(shardAware, new TlsAcceptor(tls, onSecure));
  }
}
