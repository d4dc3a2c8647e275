// Where ferrosa-ctl asks: the web port of a node, found as `ferrosa start` finds it.
import { configPath, readConfigFile } from './config-file.js';
import { CtlError, type CtlTarget } from './ctl-client.js';
import { type HostAndPort, parseBind } from './units.js';

/** What the command line says; null for what it does not. */
export type GivenTarget = { readonly [K in 'host' | 'port' | 'user' | 'password']: string | null };
type Variables = Readonly<Record<string, string | undefined>>;

export const defaultBind: HostAndPort = { host: '127.0.0.1', port: 9090 };

/** web_bind of the environment, or else of ferrosa.toml. @throws Error */
function configuredBind(variables: Variables): { readonly text: string; readonly origin: string } | null {
  const variable = variables['FERROSA_WEB_BIND'];
  if (variable !== undefined) return { text: variable, origin: 'FERROSA_WEB_BIND' };
  const { path, required } = configPath(null, variables);
  const key = readConfigFile(path, required).find(({ name }) => name === 'web_bind');
  return key === undefined ? null : { text: key.text ?? '', origin: `web_bind of ${path}` };
}

function parsedBind(text: string, origin: string): HostAndPort {
  try {
    return parseBind(text);
  } catch (error) {
    throw new Error(`${origin}: ${(error as Error).message}`);
  }
}

/** @throws CtlError */
function bindOf(variables: Variables, portGiven: boolean): HostAndPort {
  try {
    const configured = configuredBind(variables);
    if (configured === null) return defaultBind;
    const { text, origin } = configured;
    const bind = parsedBind(text, origin);
    if (bind.port === 0 && !portGiven) throw new Error(`${origin} lets the system choose the port: give it with -p`);
    return bind;
  } catch (error) {
    throw new CtlError((error as Error).message);
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new CtlError(`'${text}' is no port`);
  return port;
}

/** Each part from the command line, or else from the environment, ferrosa.toml or the default. @throws CtlError */
export function targetOf(given: GivenTarget, variables: Variables): CtlTarget {
  const asked = given.port === null ? null : portOf(given.port);
  // A file that cannot be read does not matter to who says it all.
  const bind = given.host !== null && asked !== null ? defaultBind : bindOf(variables, asked !== null);
  const host = given.host ?? bind.host;
  return {
    // A server that binds to every address is reached on this one.
    host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host,
    port: asked ?? bind.port,
    user: given.user ?? variables['FERROSA_CTL_USERNAME'] ?? null,
    password: given.password ?? variables['FERROSA_CTL_PASSWORD'] ?? null,
  };
}
