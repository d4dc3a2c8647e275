// tablehistograms and proxyhistograms as nodetool prints them.
import type { Percentiles, ProxyHistograms, TableHistograms } from '../http/index.js';
import { CtlError } from './ctl-client.js';

const names = ['50%', '75%', '95%', '98%', '99%', 'Min', 'Max'];
const right = (cells: readonly string[], widths: readonly number[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(10) : cell.padStart(widths[i - 1]!))).join('');
const fixed = (value: number | undefined, decimals: number): string => (value ?? Number.NaN).toFixed(decimals);

/**
 * The tables that `<keyspace> <table>`, `<keyspace.table>` or nothing means.
 * @throws CtlError for a table that is not there
 */
export function selectHistograms(all: readonly TableHistograms[], args: readonly string[]): TableHistograms[] {
  if (args.length === 0) return [...all];
  const [keyspace, table, more] = args.length === 1 ? args[0]!.split('.') : args;
  if (table === undefined || more !== undefined)
    throw new CtlError('tablehistograms requires keyspace and table name arguments');
  const found = all.filter((one) => one.keyspace === keyspace && one.table === table);
  if (found.length === 0) throw new CtlError(`Unknown table: ${keyspace}.${table}`);
  return found;
}

export function formatTableHistograms(tables: readonly TableHistograms[]): string {
  const widths = [10, 18, 18, 18, 18];
  return tables
    .map(({ keyspace, table, sstables, writeLatency, readLatency, partitionBytes, partitionCells }) => {
      const rows = names.map((name, i) => [
        name,
        fixed(sstables[i], 2),
        fixed(writeLatency[i], 2),
        fixed(readLatency[i], 2),
        fixed(partitionBytes?.[i], 0),
        fixed(partitionCells?.[i], 0),
      ]);
      return [
        ...(partitionBytes === null
          ? ["No SSTables exists, unable to calculate 'Partition Size' and 'Cell Count' percentiles"]
          : []),
        `${keyspace}/${table} histograms`,
        right(['Percentile', 'SSTables', 'Write Latency', 'Read Latency', 'Partition Size', 'Cell Count'], widths),
        right(['', '', '(micros)', '(micros)', '(bytes)', ''], widths),
        ...rows.map((row) => right(row, widths)),
        '',
      ].join('\n');
    })
    .join('\n');
}

export function formatProxyHistograms(proxy: ProxyHistograms): string {
  // A view is written with its base table: there is no wait of its own.
  const views: Percentiles = [0, 0, 0, 0, 0, 0, 0];
  const kinds = [proxy.read, proxy.write, proxy.range, proxy.casRead, proxy.casWrite, views];
  const widths = kinds.map(() => 19);
  const titles = ['Read', 'Write', 'Range', 'CAS Read', 'CAS Write', 'View Write'].map((kind) => `${kind} Latency`);
  return [
    'proxy histograms',
    right(['Percentile', ...titles], widths),
    right(['', ...kinds.map(() => '(micros)')], widths),
    ...names.map((name, i) => right([name, ...kinds.map((kind) => fixed(kind[i], 2))], widths)),
    '',
  ].join('\n');
}
