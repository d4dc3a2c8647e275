// ferrosa-ctl's side of the web API.
import { request } from 'node:http';

export type CtlTarget = {
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
};

/** The node said no, or could not be asked; the message is for the operator. */
export class CtlError extends Error {}

const timeoutMs = 600_000;
const webPort = 'the web port (-p, web_bind; 9090 by default)';

export class CtlClient {
  constructor(private readonly target: CtlTarget) {}

  /** @throws CtlError */
  async read<T>(name: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    const suffix = Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : '';
    return (await this.#send('GET', `${name}${suffix}`, null)) as T;
  }

  /** @throws CtlError */
  async act<T = unknown>(name: string, body: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return (await this.#send('POST', name, JSON.stringify(body))) as T;
  }

  #send(method: string, path: string, body: string | null): Promise<unknown> {
    const { host, port, user, password } = this.target;
    const headers: Record<string, string> = {};
    if (body !== null) headers['content-type'] = 'application/json';
    if (user !== null)
      headers['authorization'] = `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
    return new Promise((resolve, reject) => {
      const options = { host, port, method, path: `/api/v1/${path}`, headers, timeout: timeoutMs };
      const sent = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', (error) => reject(new CtlError(error.message)));
        response.on('end', () => {
          try {
            resolve(this.#answerOf(response.statusCode ?? 0, Buffer.concat(parts).toString('utf8')));
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer in ${timeoutMs / 1000} s`)));
      sent.on('error', (error) => reject(unreachable(error, `'${host}:${port}'`)));
      sent.end(body ?? undefined);
    });
  }

  #answerOf(status: number, text: string): unknown {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new CtlError(`The answer (${status}) is no JSON: it is not ${webPort}`);
    }
    if (status === 200) return value;
    if (status === 401 && (this.target.user === null || this.target.password === null))
      throw new CtlError('The node asks who you are: log in as a superuser with -u <username> -pw <password>');
    const error = (value as { error?: unknown } | null)?.error;
    throw new CtlError(typeof error === 'string' ? error : `The node answered with status ${status}`);
  }
}

function unreachable(error: NodeJS.ErrnoException, place: string): CtlError {
  const { code = '', message } = error;
  // The parser of HTTP has met another protocol: on the ports of CQL that is CQL.
  if (code.startsWith('HPE_')) return new CtlError(`${place} does not speak HTTP: it is not ${webPort}`);
  if (code === 'ECONNRESET')
    return new CtlError(`${place} ended the connection without an answer: the node stopped, or it is not ${webPort}`);
  const why = code === 'ECONNREFUSED' ? `Connection refused: does the node run, and is it ${webPort}?` : message;
  return new CtlError(`Failed to connect to ${place} - ${why || String(error)}`);
}
