// Who is behind a socket, as the query layer sees it.
import type { Socket } from 'node:net';
import type { ClientState } from '../query/index.js';

/** An IPv4 client of a dual-stack socket is an IPv4 client. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '');

export class SocketClient implements ClientState {
  keyspace: string | null = null;
  user: string | null = null;
  isOrdinary = false;
  isGone = false;
  readonly address: string;
  readonly port: number;
  readonly #version: () => number;

  constructor(socket: Socket, version: () => number) {
    this.address = plainAddress(socket.remoteAddress ?? '0.0.0.0');
    this.port = socket.remotePort ?? 0;
    this.#version = version;
  }

  get protocolVersion(): number {
    return this.#version();
  }
}
