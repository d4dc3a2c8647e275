// The web port: health, metrics and the API of ferrosa-ctl.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type ErrorCode, FerrosaError } from '../common/errors.js';
import type { ServerLog } from '../server/index.js';
import { type ApiSources, actions, reads } from './api.js';
import { createMetrics, type MetricSources } from './metrics.js';

export type WebServices = ApiSources &
  MetricSources & {
    readonly log: ServerLog;
    /**
     * Lets these credentials use the API; null when nobody has to log in.
     * @throws FerrosaError BAD_CREDENTIALS with one text for a wrong user and a wrong password; UNAUTHORIZED
     */
    readonly authorize: ((user: string, password: string) => Promise<void>) | null;
  };

const bodyBytesMax = 64 * 1024;
const requestTimeoutMs = 30_000;
const apiPath = '/api/v1/';

type Reply = { readonly status: number; readonly type: string; readonly text: string; readonly headers?: object };

const json = (status: number, value: unknown, headers: object = {}): Reply => ({
  status,
  type: 'application/json',
  text: `${JSON.stringify(value)}\n`,
  headers,
});
const failure = (status: number, message: string, headers: object = {}): Reply =>
  json(status, { error: message }, headers);
const askForLogin = (message: string): Reply => failure(401, message, { 'www-authenticate': 'Basic realm="ferrosa"' });

const statuses: Partial<Record<ErrorCode, number>> = { INVALID: 400, UNAUTHORIZED: 403, OVERLOADED: 503 };

export class WebServer {
  readonly #services: WebServices;
  readonly #metrics: ReturnType<typeof createMetrics>;
  readonly #server: Server;

  constructor(services: WebServices) {
    this.#services = services;
    this.#metrics = createMetrics(services);
    this.#server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  /** Starts to listen; the port, chosen by the system when 0 was asked. @throws Error with node:net's code */
  async listen(address: { readonly host: string; readonly port: number }): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(address.port, address.host, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : address.port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: Reply;
    try {
      reply = await this.#answer(request);
    } catch (error) {
      reply = this.#failed(error);
    }
    if (response.destroyed) return;
    response.writeHead(reply.status, {
      'content-type': reply.type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...reply.headers,
    });
    response.end(request.method === 'HEAD' ? undefined : reply.text);
  }

  #failed(error: unknown): Reply {
    if (error instanceof FerrosaError) {
      if (error.code === 'BAD_CREDENTIALS') return askForLogin(error.message);
      return failure(statuses[error.code] ?? 500, error.message);
    }
    this.#services.log.error({ stack: (error as Error).stack }, 'Unexpected error in a web request');
    return failure(500, (error as Error).message);
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    let url: URL;
    try {
      url = new URL(request.url ?? '/', 'http://localhost');
    } catch {
      return failure(400, 'The path cannot be read');
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (url.pathname.startsWith(apiPath)) return this.#api(request, url, isRead);
    if (!isRead) return failure(405, 'Only GET is served here', { allow: 'GET, HEAD' });
    switch (url.pathname) {
      case '/livez':
        return json(200, { live: true });
      case '/readyz':
      case '/health':
        return this.#readiness();
      case '/metrics':
        return { status: 200, type: this.#metrics.contentType, text: await this.#metrics.metrics() };
      default:
        return failure(404, 'Nothing is served here');
    }
  }

  #readiness(): Reply {
    const readiness = this.#services.control.readiness();
    if (readiness.ready) return json(200, { ready: true });
    return json(503, { ready: false, waiting_for: readiness.waitingFor, detail: readiness.detail });
  }

  async #api(request: IncomingMessage, url: URL, isRead: boolean): Promise<Reply> {
    if (!(await this.#logIn(request))) return askForLogin('Log in as a superuser');
    const name = url.pathname.slice(apiPath.length);
    const table = isRead ? reads : actions;
    if (!Object.hasOwn(table, name)) {
      const other = isRead ? actions : reads;
      if (Object.hasOwn(other, name)) return failure(405, `${name} takes ${isRead ? 'POST' : 'GET'}`);
      return failure(404, `There is no ${name}`);
    }
    if (!isRead && request.method !== 'POST') return failure(405, `${name} takes POST`);
    // Browsers say where a POST comes from, ferrosa-ctl does not: no web page can act on the node of who reads it.
    if (!isRead && request.headers.origin !== undefined) return failure(403, 'Actions are not taken from web pages');
    if (!isRead && !/^application\/json\b/.test(request.headers['content-type'] ?? ''))
      return failure(415, 'The body has to be application/json');
    const body = isRead ? {} : await readObject(request);
    return json(200, await table[name]!(this.#services, { query: url.searchParams, body }));
  }

  /** Whether credentials came, where they are needed. @throws FerrosaError when they do not do */
  async #logIn(request: IncomingMessage): Promise<boolean> {
    const { authorize } = this.#services;
    if (authorize === null) return true;
    const match = /^Basic ([A-Za-z0-9+/=]+)$/.exec(request.headers.authorization ?? '');
    if (match === null) return false;
    const credentials = Buffer.from(match[1]!, 'base64').toString('utf8');
    const colon = credentials.indexOf(':');
    if (colon <= 0) return false;
    await authorize(credentials.slice(0, colon), credentials.slice(colon + 1));
    return true;
  }
}

async function readObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > bodyBytesMax) throw new FerrosaError('INVALID', `The body is over ${bodyBytesMax} bytes`);
    parts.push(part);
  }
  if (length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new FerrosaError('INVALID', 'The body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FerrosaError('INVALID', 'The body has to be a JSON object');
  return value as Record<string, unknown>;
}
