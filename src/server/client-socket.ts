// The socket of a client, at the price of its system calls: reads go into one buffer of the thread, answers leave without a stream.
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { ClientCertificate } from '../auth/index.js';
import { duplicateDescriptor } from '../native/index.js';

/** What one read takes at most: as much as Node's own streams read at once. */
const readBytes = 64 * 1024;

/** Given to one callback at a time: a read is over before the next one of this thread begins. */
const readBuffer = Buffer.allocUnsafeSlow(readBytes);

export type ClientTls = {
  readonly protocol: string;
  readonly cipherSuite: string;
  /** Of the client, when it is one that is trusted. */
  readonly certificate: ClientCertificate | null;
};

export type ClientSocket = {
  readonly socket: Socket;
  /** For writes past the stream; null when the system gave none. */
  readonly fd: number | null;
  /** Set on a connection with TLS, which stays on its thread. */
  readonly tls: ClientTls | null;
  /** Begins to read. `onBytes` gets the bytes before `length`, which are its own only until it returns. */
  start(onBytes: (bytes: Buffer, length: number) => void): void;
};

/** A socket as the stream of bytes it is in Node. */
export function streamSocket(socket: Socket, tls: ClientTls | null = null): ClientSocket {
  return {
    socket,
    fd: null,
    tls,
    start(onBytes) {
      socket.on('data', (chunk: Buffer) => onBytes(chunk, chunk.length));
      socket.resume();
    },
  };
}

/**
 * Opens an accepted connection again, by a duplicate of its descriptor, with a buffer to read into: the only way in which a server's socket
 * takes `onread`. Where that cannot be had, the accepted socket is used as it is. REQUIRES: `accepted` is paused and nothing was read.
 */
export function clientSocket(accepted: Socket): ClientSocket {
  const handle = (accepted as unknown as { _handle?: { fd?: unknown } | null })._handle;
  const fd = typeof handle?.fd === 'number' && handle.fd >= 0 ? duplicateDescriptor(handle.fd) : null;
  if (fd === null) return streamSocket(accepted);
  const client = openSocket(fd);
  accepted.destroy();
  return client;
}

/** A connection by its descriptor, which is the socket's from here on; paused. */
export function openSocket(fd: number): ClientSocket {
  let receive: (bytes: Buffer, length: number) => void = () => {};
  const onread = {
    buffer: readBuffer,
    callback(length: number): boolean {
      receive(readBuffer, length);
      return true;
    },
  };
  const options: SocketConstructorOpts & { onread: OnReadOpts } = { fd, onread, readable: true, writable: true };
  const socket = new Socket(options);
  socket.pause();
  return {
    socket,
    fd,
    tls: null,
    start(onBytes) {
      receive = onBytes;
      socket.resume();
    },
  };
}
