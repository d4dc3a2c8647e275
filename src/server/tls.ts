// TLS on the CQL port: certificates from PEM files, read again while the server runs, and the handshake of each connection.
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  createServer,
  type SecureVersion,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';

/** client_encryption_options of cassandra.yaml, with PEM files for its key stores. */
export type TlsSettings = {
  /** PEM: the certificate of this node and those that lead to the root. */
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  /** PEM: whom a client's certificate may come from; null: the roots that Node.js knows. */
  readonly trustedCertificatesFile: string | null;
  /** Only clients with a certificate that is trusted. */
  readonly requireClientAuth: boolean;
  /** Asks for a certificate and goes on without. */
  readonly requestClientAuth: boolean;
  readonly acceptedProtocols: readonly SecureVersion[];
  /** OpenSSL's names; empty for the defaults of Node.js. */
  readonly cipherSuites: readonly string[];
  /** Serves clients without TLS too. */
  readonly optional: boolean;
};

/** How long a client may take for the handshake, in milliseconds. */
export const handshakeMsMax = 10_000;

type Pem = { readonly cert: Buffer; readonly key: Buffer; readonly ca: Buffer | null };

/** The certificates, as they were read last. */
export class TlsCertificates {
  readonly settings: TlsSettings;
  #pem: Pem;
  readonly #users = new Set<(options: TlsOptions) => void>();

  private constructor(settings: TlsSettings, pem: Pem) {
    this.settings = settings;
    this.#pem = pem;
  }

  /** @throws Error that names the file and its setting, or says why certificate and key do not go together */
  static async load(settings: TlsSettings): Promise<TlsCertificates> {
    const pem = await readPem(settings);
    const certificates = new TlsCertificates(settings, pem);
    createSecureContext(certificates.options);
    return certificates;
  }

  get options(): TlsOptions {
    const { acceptedProtocols, cipherSuites, requireClientAuth, requestClientAuth } = this.settings;
    const { cert, key, ca } = this.#pem;
    const versions = [...acceptedProtocols].sort();
    return {
      cert,
      key,
      ...(ca === null ? {} : { ca }),
      minVersion: versions[0]!,
      maxVersion: versions.at(-1)!,
      ...(cipherSuites.length === 0 ? {} : { ciphers: cipherSuites.join(':') }),
      requestCert: requireClientAuth || requestClientAuth,
      rejectUnauthorized: requireClientAuth,
      handshakeTimeout: handshakeMsMax,
    };
  }

  /** Calls `use` with the options of each reload. */
  onReload(use: (options: TlsOptions) => void): void {
    this.#users.add(use);
  }

  /**
   * Reads the files again; connections that are open stay as they are.
   * @returns false when nothing has changed
   * @throws Error as `load`; what was there is used on
   */
  async reload(): Promise<boolean> {
    const before = this.#pem;
    const pem = await readPem(this.settings);
    if (samePem(before, pem)) return false;
    this.#pem = pem;
    try {
      createSecureContext(this.options);
    } catch (error) {
      this.#pem = before;
      throw error;
    }
    for (const use of this.#users) use(this.options);
    return true;
  }
}

async function readPem({ certificateFile, privateKeyFile, trustedCertificatesFile }: TlsSettings): Promise<Pem> {
  const [cert, key, ca] = await Promise.all([
    readOf('certificate', certificateFile),
    readOf('private_key', privateKeyFile),
    trustedCertificatesFile === null ? null : readOf('trusted_certificates', trustedCertificatesFile),
  ]);
  return { cert, key, ca };
}

/** @throws Error with the setting that names the file */
async function readOf(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`client_encryption_options_${setting}: ${(error as Error).message}`);
  }
}

const sameBuffer = (a: Buffer | null, b: Buffer | null): boolean => (a === null || b === null ? a === b : a.equals(b));
const samePem = (a: Pem, b: Pem): boolean =>
  sameBuffer(a.cert, b.cert) && sameBuffer(a.key, b.key) && sameBuffer(a.ca, b.ca);

/** First byte of a TLS handshake record; no message of the native protocol begins with it. */
const handshakeRecord = 0x16;

/** Turns accepted sockets of one listener into encrypted ones. */
export class TlsAcceptor {
  readonly #server: Server;
  readonly #optional: boolean;
  /** Sockets that have not said enough yet. */
  readonly #waiting = new Set<Socket>();

  /** @param onSecure  a client whose handshake is done */
  constructor(certificates: TlsCertificates, onSecure: (socket: TLSSocket) => void) {
    this.#optional = certificates.settings.optional;
    this.#server = createServer(certificates.options, (socket) => onSecure(socket));
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
    certificates.onReload((options) => this.#server.setSecureContext(options));
  }

  /**
   * Begins the handshake.
   * @param onPlain  called instead with a client that does not want one, when that is allowed
   */
  accept(socket: Socket, onPlain: () => void): void {
    this.#waiting.add(socket);
    socket.once('close', () => this.#waiting.delete(socket));
    socket.on('error', () => socket.destroy());
    if (!this.#optional) this.#server.emit('connection', socket);
    else this.#look(socket, onPlain);
  }

  #look(socket: Socket, onPlain: () => void): void {
    socket.setTimeout(handshakeMsMax, () => socket.destroy());
    socket.once('readable', () => {
      const first = socket.read(1) as Buffer | null;
      if (first === null) {
        socket.destroy(); // it has ended
        return;
      }
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.unshift(first);
      if (first[0] === handshakeRecord) this.#server.emit('connection', socket);
      else {
        this.#waiting.delete(socket);
        onPlain();
      }
    });
  }

  /** Ends the connections whose handshake is not done. */
  stop(): void {
    for (const socket of this.#waiting) socket.destroy();
  }
}

/** The first SPIFFE id among the names of a client's certificate that is trusted; null when there is none. */
export function identityOf(socket: TLSSocket): string | null {
  if (!socket.authorized) return null;
  const names = socket.getPeerCertificate().subjectaltname ?? '';
  // Names with a comma or a quote are in JSON's quotes.
  for (const [, quoted, plain] of names.matchAll(/URI:(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g)) {
    const uri = quoted === undefined ? plain! : (JSON.parse(quoted) as string);
    if (uri.startsWith('spiffe://')) return uri;
  }
  return null;
}
