// What Cassandra calls a read that it warns of: the command as CQL, and the tokens that it is about. Source: ReadCommand.toCQLString and
// CQL that was compared with 5.0.9; what a client's IN has as one marker for all is left out.
import { murmurToken } from '../../native/index.js';
import type { ColumnDefinition, TableDefinition } from '../../schema/index.js';
import { noLimit, Selected } from '../../storage/index.js';
import { toCqlLiteral } from '../../types/index.js';
import { partitionKeysAsGiven } from '../restrictions/bounds.js';
import { bindFields, bindIn, type Restriction } from '../restrictions/restriction.js';
import { tokenMax, tokenMin, tokenRange, wholeRing } from '../restrictions/token-restriction.js';
import type { BindContext } from '../terms/term.js';
import { limitOf } from './limits.js';
import type { SelectPlan } from './select-plan.js';

/** Cassandra's SelectStatement.DEFAULT_PAGE_SIZE. */
const groupPage = 10_000;

type Value = Uint8Array | null;
const literal = (column: ColumnDefinition, value: unknown): string =>
  toCqlLiteral(column.type, value instanceof Uint8Array ? value : (null as Value));

const literals = (columns: readonly ColumnDefinition[], values: readonly unknown[]): string[] =>
  columns.map((column, i) => literal(column, values[i]));

/** "a = 1", "a > 1 AND b > 2", "(a, b) IN ((1, 2), (3, 4))". */
function relationTexts(one: Restriction, bind: BindContext): string[] {
  const { columns } = one;
  const names = columns.map(({ name }) => name);
  if (one.kind === 'eq')
    return literals(columns, bindFields(one.term, bind) ?? []).map((value, i) => `${names[i]} = ${value}`);
  if (one.kind === 'in') {
    const rows = bindIn(one.values, bind).map((values) => literals(columns, values));
    const isOne = columns.length === 1;
    const list = rows.map((values) => (isOne ? values[0] : `(${values.join(', ')})`)).join(', ');
    return [`${isOne ? names[0] : `(${names.join(', ')})`} IN (${list})`];
  }
  if (one.kind === 'slice')
    return [
      ['>', one.start],
      ['<', one.end],
    ].flatMap(([sign, bound]) => {
      if (bound === null || typeof bound === 'string') return [];
      const values = literals(columns, bindFields((bound as NonNullable<typeof one.start>).term, bind) ?? []);
      const operator = `${sign}${(bound as NonNullable<typeof one.start>).inclusive ? '=' : ''}`;
      return values.map((value, i) => `${names[i]} ${operator} ${value}`);
    });
  const [column] = columns;
  const text = (word: string) => (term: { bind(context: BindContext): unknown }) =>
    `${names[0]} ${word} ${literal({ ...column!, type: { kind: 'blob' } }, term.bind(bind))}`;
  return [...one.values.map(text('CONTAINS')), ...one.keys.map(text('CONTAINS KEY'))];
}

/** "*", or the columns beside the key that are read: static ones first. */
function columnsText({ table, fetched }: SelectPlan): string {
  const others = [...table.columns.values()].filter(({ kind }) => kind === 'regular' || kind === 'static');
  const ofKeys: readonly number[] = [Selected.partitionKey, Selected.clustering, Selected.token, Selected.expiry];
  const read = new Set(fetched.filter(({ what }) => !ofKeys.includes(what)).map(({ which }) => which));
  const chosen = others.filter(({ id }) => read.has(id));
  if (chosen.length === 0 || chosen.length === others.length) return '*';
  const rank = ({ kind, name }: ColumnDefinition) => `${kind === 'static' ? 0 : 1}${name}`;
  return chosen
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .map(({ name }) => name)
    .join(', ');
}

function keyTexts(table: TableDefinition, key: Uint8Array, parts: readonly Uint8Array[]): string[] {
  return table.partitionKey.map((column, i) => `${column.name} = ${literal(column, parts[i] ?? key)}`);
}

/** @param key  null for a range; @param keyParts  its components; @param pageSize  0 for none */
export function commandText(
  plan: SelectPlan,
  bind: BindContext,
  key: Uint8Array | null,
  keyParts: readonly Uint8Array[],
  pageSize: number,
): string {
  const { table, restrictions } = plan;
  const { clustering, others } = restrictions;
  const relations = key === null ? rangeRelations(plan, bind) : keyTexts(table, key, keyParts);
  for (const one of clustering.all) relations.push(...relationTexts(one, bind));
  for (const one of others.all) relations.push(...relationTexts(one, bind));
  const where = relations.length === 0 ? '' : ` WHERE ${relations.join(' AND ')}`;
  // A filter of names ends with a space, and so does a slice of several columns.
  const isNames = clustering.hasIn || (clustering.hasOnlyEquality && clustering.size === table.clustering.length);
  const isWide = clustering.all.some(({ kind, multi }) => kind === 'slice' && multi);
  const end = clustering.size > 0 && (isNames || isWide) ? ' ' : '';
  const order = plan.reversed ? ` ORDER BY ${table.clustering.map(({ name }) => `${name} DESC`).join(', ')}` : '';
  // Groups are read by pages in any case.
  const page = pageSize > 0 ? pageSize : plan.grouping === null ? noLimit : groupPage;
  const limit = plan.ordering === null ? Math.min(limitOf(plan.limit, bind), page) : noLimit;
  const perPartition = limitOf(plan.perPartitionLimit, bind);
  const limits =
    (perPartition === noLimit ? '' : ` PER PARTITION LIMIT ${perPartition}`) +
    (limit === noLimit || (plan.isAggregate && pageSize === 0) ? '' : ` LIMIT ${limit}`);
  return `SELECT ${columnsText(plan)} FROM ${table.keyspace}.${table.name}${where}${end}${order}${limits} ALLOW FILTERING`;
}

function rangeRelations({ table, restrictions }: SelectPlan, bind: BindContext): string[] {
  const { token, partitionKey } = restrictions;
  if (token === null) return partitionKey.all.flatMap((one) => relationTexts(one, bind));
  const range = tokenRange(token, bind);
  if (range === null) return [];
  const name = `token(${table.partitionKey.map((column) => column.name).join(', ')})`;
  const low = range.start === tokenMin ? [] : [`${name} >${range.startInclusive ? '=' : ''} ${range.start}`];
  const high = range.end === tokenMax ? [] : [`${name} <${range.endInclusive ? '=' : ''} ${range.end}`];
  return [...low, ...high];
}

/** "token range: (a, b]": the ring as a whole has no end that belongs to it, and a virtual table no tokens. */
export function rangeText(plan: SelectPlan, bind: BindContext, isCommand = false): string {
  if (/^system_(views|virtual_schema|observability)$/.test(plan.table.keyspace)) return 'token range: (, )';
  const { token, partitionKey } = plan.restrictions;
  const range = (token === null ? wholeRing : tokenRange(token, bind)) ?? wholeRing;
  const isWhole = !isCommand && token === null && partitionKey.isEmpty;
  const end = range.end === tokenMax ? tokenMin : range.end;
  return `token range: (${range.start}, ${end}${isWhole ? ')' : ']'}`;
}

/** What the whole statement is about. */
export function tokensText(plan: SelectPlan, bind: BindContext): string {
  if (plan.restrictions.isKeyRange) return rangeText(plan, bind);
  const tokens = partitionKeysAsGiven(plan.restrictions, bind).map(murmurToken);
  return tokens.length === 1 ? `token: ${tokens[0]}` : `tokens: [${tokens.join(', ')}]`;
}
