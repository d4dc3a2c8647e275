// Prints logs as Cassandra's auditlogviewer and fqltool dump do.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { decodeQuery, type LoggedQuery, queryLogPrefix, RecordKind, readRecords } from '../../audit/index.js';
import { CtlError } from '../ctl-client.js';
import { hexDump } from './hex-dump.js';
import { logPaths } from './paths.js';

type Out = (text: string) => void;
/** Prints the records of files and folders; the number of them. Never ends with `follow`. */
export type View = (paths: readonly string[], follow: boolean, out: Out) => Promise<number>;

const pollMs = 200;

const auditText = (record: Buffer): string => `Type: audit\nLogMessage: ${record.toString('utf8')}`;

/** Audit logs. @throws CtlError */
export const followAudit: View = (paths, follow, out) =>
  view(paths, { prefix: 'audit', kind: RecordKind.audit, show: auditText }, follow, out);

/** Full query logs. @throws CtlError */
export const followQueries: View = (paths, follow, out) =>
  view(
    paths,
    { prefix: queryLogPrefix, kind: RecordKind.fullQuery, show: (record) => queryText(decodeQuery(record)) },
    follow,
    out,
  );

type Shown = { readonly prefix: string; readonly kind: RecordKind; readonly show: (record: Buffer) => string };

async function view(paths: readonly string[], shown: Shown, follow: boolean, out: Out): Promise<number> {
  const offsets = new Map<string, number>();
  const reported = new Set<string>();
  let records = 0;
  for (;;) {
    for (const path of logPaths(paths, shown.prefix)) {
      if (path.endsWith('.log')) {
        if (!offsets.has(path)) records += showLines(path, out);
        offsets.set(path, 0);
        continue;
      }
      const end = read(path, shown, offsets.get(path) ?? 0, (text) => {
        records++;
        out(text);
      });
      offsets.set(path, end.offset);
      // The end of a file that is being written may be half of a record.
      if (end.problem !== null && !follow && !reported.has(path)) {
        reported.add(path);
        out(`${path}: ${end.problem}; what is behind that is not shown`);
      }
    }
    if (!follow) return records;
    await setTimeout(pollMs);
  }
}

function read(path: string, { kind, show }: Shown, offset: number, onText: Out) {
  try {
    return readRecords(path, kind, (record) => onText(show(record)), offset);
  } catch (error) {
    throw new CtlError((error as Error).message);
  }
}

/** FileAuditLogger's files are text already. */
function showLines(path: string, out: Out): number {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  for (const line of lines) out(line);
  return lines.length;
}

const noTimestamp = -(2n ** 63n);
const noNowInSeconds = -(2 ** 31);

/** As fqltool dump prints it. */
export function queryText(logged: LoggedQuery): string {
  const { startedMs, protocolVersion, generatedTimestamp } = logged;
  const lines = [
    `Type: ${logged.kind === 'query' ? 'single-query' : 'batch'}`,
    `Query start time: ${startedMs}`,
    `Protocol version: ${protocolVersion}`,
    `Generated timestamp:${generatedTimestamp ?? noTimestamp}`,
    `Generated nowInSeconds:${logged.parameters.nowInSeconds ?? noNowInSeconds}`,
  ];
  if (logged.kind === 'query')
    lines.push(`Query: ${logged.query}`, 'Values: ', ...valueLines(logged.parameters.values));
  else {
    lines.push(`Batch type: ${logged.type.toUpperCase()}`);
    for (const { query, values } of logged.queries) lines.push(`Query: ${query}`, 'Values: ', ...valueLines(values));
  }
  return `${lines.join('\n')}\n`;
}

const shownBytesMax = 1_024;

function valueLines(values: LoggedQuery['parameters']['values']): string[] {
  return values.flatMap((value, i) => {
    const separator = i === 0 ? [] : ['-----'];
    if (!(value instanceof Uint8Array)) return [value === null ? 'null' : 'unset', ...separator];
    const cut = value.length > shownBytesMax ? ['... truncated'] : [];
    return [...hexDump(value.subarray(0, shownBytesMax)), ...cut, ...separator];
  });
}
