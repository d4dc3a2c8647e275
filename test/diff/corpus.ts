// The corpus: one statement a line. Every file starts in an empty keyspace, which it calls ferrosa_diff.
//   `# text`         a comment
//   `~ cql`          values differ by nature (times): only columns and the number of rows are compared
//   `? cql`          the code of an error is compared, not its message
//   `@n cql`         pages of n rows
//   `!n cql`         Cassandra answers otherwise, by reason n of docs/differences.md: only a server error is a failure
//   `> cql`          PREPARE: ids, bind markers, routing, result columns
//   `$ [values] cql` PREPARE and EXECUTE with the values, which are JSON as INSERT JSON takes it; {"unset": true} is not set
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const corpusKeyspace = 'ferrosa_diff';
const folder = fileURLToPath(new URL('../../../test/diff/corpus/', import.meta.url));

export type Line = {
  readonly number: number;
  readonly cql: string;
  readonly mode: 'exact' | 'shape' | 'code' | 'differs' | 'prepare';
  readonly pageSize: number;
  /** The number of a reason in docs/differences.md, of a line that differs. */
  readonly reason?: number;
  /** Values to bind as JSON; null for a statement that is sent as text. */
  readonly binds: readonly string[] | null;
  /** Options of the request: a clock of the test's own. */
  readonly options?: { readonly timestamp?: bigint; readonly nowInSeconds?: number };
  /** Prepared and executed even without values. */
  readonly prepared?: boolean;
};

export type CorpusFile = { readonly name: string; readonly lines: readonly Line[] };

/** Splits `[values] cql`. Numbers stay text: they may be larger than JavaScript's. */
function splitBinds(text: string): { binds: string[]; cql: string } {
  const binds: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 1;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
      continue;
    }
    if (char === '"') quoted = true;
    else if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    const ends = depth === 0 || (depth === 1 && char === ',');
    if (!ends) continue;
    const value = text.slice(start, i).trim();
    if (value !== '') binds.push(value);
    start = i + 1;
    if (depth === 0) return { binds, cql: text.slice(start).trim() };
  }
  throw new Error(`no values before the statement: ${text}`);
}

const modes = new Map<string, Line['mode']>([
  ['~', 'shape'],
  ['?', 'code'],
  ['>', 'prepare'],
]);

function parseLine(text: string, number: number): Line | null {
  const line = text.trim();
  if (line === '' || line.startsWith('#')) return null;
  const base = { number, mode: 'exact', pageSize: 0, binds: null } as const;
  const mode = modes.get(line[0]!);
  const rest = line.slice(1).trim();
  if (mode !== undefined)
    return rest.startsWith('$') ? { ...parseLine(rest, number)!, mode } : { ...base, cql: rest, mode };
  if (line.startsWith('$')) return { ...base, ...splitBinds(rest) };
  const differing = /^!(\d+) (.*)$/.exec(line);
  if (differing) return { ...parseLine(differing[2]!, number)!, mode: 'differs', reason: Number(differing[1]) };
  const paged = /^@(\d+) (.*)$/.exec(line);
  if (paged) return { ...parseLine(paged[2]!, number)!, pageSize: Number(paged[1]) };
  return { ...base, cql: line };
}

/** The files whose names start with one of `prefixes`, all without any; the corpus's keyspace is called `keyspace`. */
export function readCorpus(prefixes: readonly string[], keyspace: string): CorpusFile[] {
  const wanted = (name: string) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
  const read = (name: string) => readFileSync(join(folder, name), 'utf8').replaceAll(corpusKeyspace, keyspace);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cql') && wanted(name))
    .sort()
    .map((name) => ({
      name,
      lines: read(name)
        .split('\n')
        .map((text, i) => parseLine(text, i + 1))
        .filter((line) => line !== null),
    }));
}
