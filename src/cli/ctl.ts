// ferrosa-ctl: asks a running node over its web port, with nodetool's verbs.
import { CtlClient, CtlError, type CtlTarget } from './ctl-client.js';
import { type Verb, verbs } from './ctl-verbs.js';

type CommandLine = {
  readonly target: CtlTarget;
  readonly verb: string | null;
  readonly args: readonly string[];
  readonly json: boolean;
  readonly tokens: boolean;
  readonly humanReadable: boolean;
  readonly expand: boolean;
  readonly category: string | null;
  readonly options: ReadonlyMap<string, string>;
};

export type CtlEnvironment = {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
};

const valueOptions: Readonly<Record<string, 'host' | 'port' | 'user' | 'password' | 'category'>> = {
  '-c': 'category',
  '--category': 'category',
  '-h': 'host',
  '--host': 'host',
  '-p': 'port',
  '--port': 'port',
  '-u': 'user',
  '--username': 'user',
  '-pw': 'password',
  '--password': 'password',
};
const flagOptions: Readonly<Record<string, 'json' | 'tokens' | 'humanReadable' | 'expand'>> = {
  '--expand': 'expand',
  '--json': 'json',
  '-T': 'tokens',
  '--tokens': 'tokens',
  '-H': 'humanReadable',
  '--human-readable': 'humanReadable',
};

const defaultPort = 9090;

/** Host and port of the web side: options, then FERROSA_WEB_BIND, then the default. */
function parse(argv: readonly string[], variables: CtlEnvironment['variables']): CommandLine {
  const bind = /^(?:\[(.+)\]|([^:]*)):(\d+)$/.exec(variables['FERROSA_WEB_BIND'] ?? '');
  const values = {
    host: (bind?.[1] ?? bind?.[2]) || '127.0.0.1',
    port: bind?.[3] ?? String(defaultPort),
    user: variables['FERROSA_CTL_USERNAME'] ?? null,
    password: variables['FERROSA_CTL_PASSWORD'] ?? null,
    category: null as string | null,
  };
  const flags = { json: false, tokens: false, humanReadable: false, expand: false };
  const rest: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = splitOption(argv[i]!);
    if (argv[i] === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    const value = valueOptions[name];
    const flag = flagOptions[name];
    const own = ownOption(rest[0], name);
    if (own === 'flag') options.set(withoutDashes(name), inline ?? 'true');
    else if (own === 'value') {
      const given = inline ?? argv[++i];
      if (given === undefined) throw new CtlError(`${name} needs a value`);
      const before = options.get(withoutDashes(name));
      options.set(withoutDashes(name), before === undefined ? given : `${before}\n${given}`);
    } else if (value !== undefined) {
      const given = inline ?? argv[++i];
      if (given === undefined) throw new CtlError(`${name} needs a value`);
      values[value] = given;
    } else if (flag !== undefined) flags[flag] = true;
    else if (isOption(argv[i]!)) throw new CtlError(`Found unexpected parameters: [${argv[i]}]`);
    else rest.push(argv[i]!);
  }
  const [verb = null, ...args] = rest;
  return { target: targetOf(values), verb, args, category: values.category, options, ...flags };
}

/** How the verb on the line takes an option that is its own. */
function ownOption(verb: string | undefined, name: string): 'value' | 'flag' | undefined {
  if (verb === undefined || !isOption(name) || !Object.hasOwn(verbs, verb)) return undefined;
  return verbs[verb]!.options?.[withoutDashes(name)];
}

const withoutDashes = (name: string): string => name.replace(/^--?/, '');

function splitOption(text: string): [string, string | undefined] {
  const equals = text.startsWith('--') ? text.indexOf('=') : -1;
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** A negative number is an argument. */
const isOption = (text: string): boolean => /^-[^\d]/.test(text);

function targetOf(values: { host: string; port: string; user: string | null; password: string | null }): CtlTarget {
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new CtlError(`'${values.port}' is no port`);
  // A server that binds to every address is reached on this one.
  const host = values.host === '0.0.0.0' ? '127.0.0.1' : values.host === '::' ? '::1' : values.host;
  return { host, port, user: values.user, password: values.password };
}

function helpText(name: string | null): string {
  const verb = name === null ? undefined : verbs[name];
  if (verb !== undefined)
    return `NAME\n        ferrosa-ctl ${name} - ${verb.help}\n\nSYNOPSIS\n        ferrosa-ctl [options] ${name} ${verb.usage}`;
  const names = Object.keys(verbs).sort();
  const width = Math.max(...names.map((each) => each.length));
  return [
    'usage: ferrosa-ctl [(-h <host> | --host <host>)] [(-p <port> | --port <port>)]',
    '        [(-u <username> | --username <username>)] [(-pw <password> | --password <password>)]',
    '        [--json] <command> [<args>]',
    '',
    `The port is the web port (FERROSA_WEB_BIND, default ${defaultPort}).`,
    '',
    'The ferrosa-ctl commands are:',
    ...names.map((each) => `    ${each.padEnd(width)}  ${verbs[each]!.help}`),
    '',
    "See 'ferrosa-ctl help <command>' for more information on a specific command.",
  ].join('\n');
}

/** Runs one command line; the exit code: 0 done, 1 wrong use, 2 the node refused or cannot be reached. */
export async function runCtl(argv: readonly string[], environment: CtlEnvironment): Promise<number> {
  let line: CommandLine;
  let verb: Verb;
  try {
    line = parse(argv, environment.variables);
    if (line.verb === null || line.verb === 'help' || line.verb === '--help') {
      const [about = null] = line.args;
      if (about !== null && !Object.hasOwn(verbs, about)) throw new CtlError(`Unknown command ${about}`);
      environment.out(helpText(about));
      return 0;
    }
    verb = verbOf(line.verb, line.args);
  } catch (error) {
    return fail(error, environment, 1);
  }
  try {
    const { tokens, humanReadable, expand, category, options } = line;
    const { out } = environment;
    const flags = { tokens, humanReadable, expand, category, options, out };
    const result = await verb.run(new CtlClient(line.target), line.args, flags);
    if (line.json) environment.out(JSON.stringify(result.data, null, 2));
    else if (result.text !== '') environment.out(result.text);
    return 0;
  } catch (error) {
    return fail(error, environment, 2);
  }
}

function verbOf(name: string, args: readonly string[]): Verb {
  if (!Object.hasOwn(verbs, name)) throw new CtlError(`Found unexpected parameters: [${[name, ...args].join(', ')}]`);
  const verb = verbs[name]!;
  if (args.length < verb.argumentsMin || args.length > verb.argumentsMax)
    throw new CtlError(`${name} takes the arguments: ${verb.usage === '' ? 'none' : verb.usage}`);
  return verb;
}

function fail(error: unknown, environment: CtlEnvironment, code: number): number {
  if (!(error instanceof CtlError)) throw error;
  environment.error(`ferrosa-ctl: ${error.message}\nSee 'ferrosa-ctl help' or 'ferrosa-ctl help <command>'.`);
  return code;
}
