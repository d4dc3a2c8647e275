// INSERT ... JSON: one document gives the values of all columns.
import { FerrosaError, invalid } from '../../common/errors.js';
import { grownHashSize, javaBytesHash, javaHashOrder } from '../../common/java-hash.js';
import type { Relation, Term as TermNode } from '../../cql/index.js';
import { type ColumnDefinition, isHiddenColumn, type TableDefinition } from '../../schema/index.js';
import {
  type BindValue,
  fromJsonValue,
  JsonSyntaxError,
  type JsonValue,
  parseJsonObject,
  resolveJsonNames,
  type TextContext,
  UNSET,
} from '../../types/index.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import { StatementRestrictions } from '../restrictions/statement-restrictions.js';
import { type BindContext, ConstantTerm, nullTerm, type Term, unsetTerm } from '../terms/term.js';
import { type Operation, SetColumn } from './operations.js';
import { checkNotCounter } from './prepare-operations.js';

/** The value of one column in a JSON document that is bound. */
class JsonColumnTerm implements Term {
  readonly constant = false;
  readonly hasMarker = true;

  constructor(
    private readonly table: TableDefinition,
    private readonly index: number,
    private readonly column: string,
    private readonly defaultUnset: boolean,
    private readonly text: TextContext,
  ) {}

  bind(context: BindContext): BindValue {
    context.json ??= new Map();
    let document = context.json.get(this.index);
    if (document === undefined) {
      const value = context.values[this.index] as BindValue;
      if (value === null) throw invalid('Got null for INSERT JSON values');
      const text = value === UNSET ? '' : Buffer.from(value).toString('utf8'); // as Cassandra takes an unset one
      document = readDocument(this.table, text, this.text);
      context.json.set(this.index, document);
    }
    const value = document.get(this.column);
    return value === undefined ? (this.defaultUnset ? UNSET : null) : value;
  }
}

/** Values by column name; what the document does not name is missing. */
function readDocument(table: TableDefinition, text: string, context: TextContext): Map<string, Uint8Array | null> {
  const document = parseDocument(text);
  const values = new Map<string, Uint8Array | null>();
  for (const name of columnsInHashOrder(table)) {
    const column = table.columns.get(name)!;
    const value = document.get(name);
    if (value === undefined) continue;
    document.delete(name);
    values.set(name, value === null ? null : decodeColumn(column, value, context));
  }
  for (const name of document.keys()) throw invalid(`JSON values map contains unrecognized column: ${name}`);
  return values;
}

/** Cassandra goes through the columns in the order of a HashMap by the bytes of their names, and tells the first error. */
function columnsInHashOrder(table: TableDefinition): readonly string[] {
  let order = hashOrders.get(table);
  if (order === undefined) {
    const names = [...table.columns.keys()];
    order = javaHashOrder(names, grownHashSize(names.length), javaBytesHash);
    hashOrders.set(table, order);
  }
  return order;
}

const hashOrders = new WeakMap<TableDefinition, readonly string[]>();

function parseDocument(text: string): Map<string, JsonValue> {
  let value: Map<string, JsonValue> | null;
  try {
    value = parseJsonObject(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw invalid(`Could not decode JSON string as a map: ${error.javaText}. (String was: ${text})`);
  }
  if (value === null) throw invalid('Got null for INSERT JSON values');
  return resolveJsonNames(value);
}

const ofDuration = /^(Unable to convert '.*' to a duration$|Invalid duration)/s;

function decodeColumn(column: ColumnDefinition, value: JsonValue, context: TextContext): Uint8Array | null {
  try {
    return fromJsonValue(column.type, value, context);
  } catch (error) {
    // What is wrong with a duration is told without the column.
    if (!(error instanceof FerrosaError) || ofDuration.test(error.message)) throw error;
    throw invalid(`Error decoding JSON value for ${column.name}: ${error.message}`);
  }
}

export type JsonInsert = {
  readonly relations: readonly Relation[];
  readonly operations: readonly Operation[];
  readonly restrictions: StatementRestrictions;
};

/** Plans INSERT ... JSON. @throws FerrosaError INVALID for a literal document that does not do */
export function prepareInsertJson(environment: PlanEnvironment, value: TermNode, defaultUnset: boolean): JsonInsert {
  const { table } = environment;
  const termFor = documentTerms(environment, value, defaultUnset);
  const restrictions = new StatementRestrictions(
    table,
    { type: 'INSERT', onlyStatics: false, allowFiltering: false },
    [],
  );
  const hidden = table.clustering.find((column) => isHiddenColumn(table, column));
  if (hidden !== undefined) existingColumn(table, hidden.name);
  for (const column of table.partitionKey) restrictions.partitionKey.add(equality(column, termFor(column)));
  for (const column of table.clustering) restrictions.clustering.add(equality(column, termFor(column)));
  const operations = [...table.statics, ...table.regulars].map((column) => {
    checkNotCounter(column);
    return new SetColumn(column, termFor(column));
  });
  return { relations: [], operations, restrictions };
}

const equality = (column: ColumnDefinition, single: Term) =>
  ({ kind: 'eq', columns: [column], multi: false, term: { single } }) as const;

function documentTerms(
  environment: PlanEnvironment,
  value: TermNode,
  defaultUnset: boolean,
): (column: ColumnDefinition) => Term {
  const { table, markers } = environment;
  if (value.kind === 'marker') {
    markers.add(value.index, {
      keyspace: table.keyspace,
      table: table.name,
      name: '[json]',
      type: { kind: 'text' },
    });
    return (column) => new JsonColumnTerm(table, value.index, column.name, defaultUnset, environment.text);
  }
  if (value.kind !== 'literal') throw invalid('JSON values must be a string or a bind marker');
  const document = readDocument(table, value.text, environment.text);
  return (column) => {
    const bytes = document.get(column.name);
    if (bytes === undefined) return defaultUnset ? unsetTerm : nullTerm;
    return new ConstantTerm(bytes);
  };
}
