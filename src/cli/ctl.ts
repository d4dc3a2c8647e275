// ferrosa-ctl: asks a running node over its web port, with nodetool's verbs.
import { CtlClient, CtlError } from './ctl-client.js';
import { defaultBind, type GivenTarget, targetOf } from './ctl-target.js';
import { type Verb, verbs } from './ctl-verbs.js';
import { nearest } from './nearest.js';

type CommandLine = {
  readonly target: GivenTarget;
  readonly verb: string | null;
  readonly args: readonly string[];
  readonly json: boolean;
  readonly tokens: boolean;
  readonly humanReadable: boolean;
  readonly expand: boolean;
  readonly help: boolean;
  readonly version: boolean;
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
const flagOptions: Readonly<Record<string, 'json' | 'tokens' | 'humanReadable' | 'expand' | 'version'>> = {
  '--expand': 'expand',
  '--json': 'json',
  '-T': 'tokens',
  '--tokens': 'tokens',
  '-H': 'humanReadable',
  '--human-readable': 'humanReadable',
  '--version': 'version',
};

type Known = { -readonly [K in (typeof valueOptions)[string]]: string | null };

/** `-h` has a value, the host, as in nodetool; with nothing behind it, it asks for help. */
const asksForHelp = (argv: readonly string[], i: number): boolean =>
  argv[i] === '--help' || (argv[i] === '-h' && i === argv.length - 1);

/** @throws CtlError */
function parse(argv: readonly string[]): CommandLine {
  const values: Known = { host: null, port: null, user: null, password: null, category: null };
  const flags = { json: false, tokens: false, humanReadable: false, expand: false, help: false, version: false };
  const rest: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = splitOption(argv[i]!);
    const needed = (): string => {
      const given = inline ?? argv[++i];
      if (given === undefined) throw new CtlError(`${name} needs a value`);
      return given;
    };
    if (argv[i] === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    // An argument may have a name that every object has.
    const value = isOption(name) ? valueOptions[name] : undefined;
    const flag = isOption(name) ? flagOptions[name] : undefined;
    const own = ownOption(rest[0], name);
    if (own === 'flag') options.set(withoutDashes(name), inline ?? 'true');
    else if (own === 'value') {
      const before = options.get(withoutDashes(name));
      options.set(withoutDashes(name), before === undefined ? needed() : `${before}\n${needed()}`);
    } else if (asksForHelp(argv, i)) flags.help = true;
    else if (value !== undefined) values[value] = needed();
    else if (flag !== undefined) flags[flag] = true;
    else if (isOption(argv[i]!)) throw new CtlError(`Found unexpected parameters: [${argv[i]}]`);
    else rest.push(argv[i]!);
  }
  const { category, ...target } = values;
  const [verb = null, ...args] = rest;
  return { target, verb, args, category, options, ...flags };
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

function helpText(name: string | null): string {
  const verb = name === null ? undefined : verbs[name];
  if (verb !== undefined)
    return `NAME\n        ferrosa-ctl ${name} - ${verb.help}\n\nSYNOPSIS\n        ferrosa-ctl [options] ${`${name} ${verb.usage}`.trimEnd()}`;
  const names = Object.keys(verbs).sort();
  const width = Math.max(...names.map((each) => each.length));
  return [
    'usage: ferrosa-ctl [(-h <host> | --host <host>)] [(-p <port> | --port <port>)]',
    '        [(-u <username> | --username <username>)] [(-pw <password> | --password <password>)]',
    '        [--json] <command> [<args>]',
    '       ferrosa-ctl (<command> --help | --help | --version)',
    '',
    `Host and port are those of the web port: -h and -p, then FERROSA_WEB_BIND, then web_bind of ferrosa.toml, then ${defaultBind.host}:${defaultBind.port}.`,
    'User and password may be in FERROSA_CTL_USERNAME and FERROSA_CTL_PASSWORD.',
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
  let client: CtlClient;
  try {
    line = parse(argv);
    const told = await tellOfItself(line);
    if (told !== null) {
      environment.out(told);
      return 0;
    }
    verb = verbOf(line.verb!, line.args);
    client = new CtlClient(targetOf(line.target, environment.variables));
  } catch (error) {
    return fail(error, environment, 1);
  }
  try {
    const { tokens, humanReadable, expand, category, options } = line;
    const { out } = environment;
    const flags = { tokens, humanReadable, expand, category, options, out };
    const result = await verb.run(client, line.args, flags);
    if (line.json) environment.out(JSON.stringify(result.data, null, 2));
    else if (result.text !== '') environment.out(result.text);
    return 0;
  } catch (error) {
    return fail(error, environment, 2);
  }
}

/** What needs no node: help and the version; null for a verb that is to be run. @throws CtlError */
async function tellOfItself({ verb, args, help, version }: CommandLine): Promise<string | null> {
  if (version) return (await import('./main.js')).packageVersion();
  if (!help && verb !== null && verb !== 'help') return null;
  const about = verb === 'help' ? (args[0] ?? null) : verb;
  if (about !== null) knownVerb(about);
  return helpText(about);
}

function knownVerb(name: string): Verb {
  if (Object.hasOwn(verbs, name)) return verbs[name]!;
  const meant = nearest(name, Object.keys(verbs));
  throw new CtlError(`Unknown command ${name}${meant === null ? '' : `; did you mean ${meant}?`}`);
}

function verbOf(name: string, args: readonly string[]): Verb {
  const verb = knownVerb(name);
  const { argumentsMin, argumentsMax, usage } = verb;
  const takes = argumentsMax === 0 ? `${name} takes no arguments` : `${name} takes the arguments: ${usage}`;
  // The first words are nodetool's.
  if (args.length > argumentsMax)
    throw new CtlError(`Found unexpected parameters: [${args.slice(argumentsMax).join(', ')}]; ${takes}`);
  if (args.length < argumentsMin) throw new CtlError(takes);
  return verb;
}

function fail(error: unknown, environment: CtlEnvironment, code: number): number {
  if (!(error instanceof CtlError)) throw error;
  environment.error(`ferrosa-ctl: ${error.message}\nSee 'ferrosa-ctl help' or 'ferrosa-ctl help <command>'.`);
  return code;
}
