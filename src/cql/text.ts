// Terms, types and names as Cassandra's messages print them.
import { grownHashSize, javaBytesHash, javaHashOrder } from '../common/java-hash.js';
import { castTypeText, quoteIfNeeded } from '../types/index.js';
import type { Term, TypeNode } from './ast.js';

/** A term as error messages show it. @param keyspace  of user types without one; null: they are shown as they were written */
export function termText(term: Term, keyspace: string | null = null): string {
  const text = (inner: Term) => termText(inner, keyspace);
  switch (term.kind) {
    case 'literal':
      return term.literal === 'string' ? `'${term.text}'` : term.text;
    case 'null':
      return 'NULL';
    case 'marker':
      return '?';
    case 'call':
      return `${functionText(term.function.keyspace, term.function.name)}(${term.args.map(text).join(', ')})`;
    case 'hint':
      return `(${keyspace === null ? typeNodeText(term.type) : castTypeText(term.type, keyspace)})${text(term.term)}`;
    case 'list':
      return `[${term.elements.map(text).join(', ')}]`;
    case 'set':
      return `{${term.elements.map(text).join(', ')}}`;
    case 'map':
      return `{${term.entries.map(([key, value]) => `${text(key)}: ${text(value)}`).join(', ')}}`;
    case 'udt':
      return `{${inHashOrder(term.fields)
        .map(([name, value]) => `${name}: ${text(value)}`)
        .join(', ')}}`;
    case 'tuple':
      return tupleText(term.elements.map(text));
    case 'arithmetic':
      return `${operationNames[term.op]}(${text(term.left)}, ${text(term.right)})`;
    case 'negate':
      return `system."_negate"(${text(term.term)})`;
  }
}

/** Cassandra keeps the fields of a literal in a hash map. */
function inHashOrder(fields: readonly (readonly [string, Term])[]): (readonly [string, Term])[] {
  const byName = new Map(fields);
  const names = javaHashOrder([...byName.keys()], grownHashSize(byName.size), javaBytesHash);
  return names.map((name) => [name, byName.get(name)!]);
}

// Cassandra shows arithmetic as calls of its internal functions.
const operationNames = {
  '+': 'system."_add"',
  '-': 'system."_substract"',
  '*': 'system."_multiply"',
  '/': 'system."_divide"',
  '%': 'system."_modulo"',
} as const;

const functionText = (keyspace: string | null, name: string) =>
  keyspace === null ? name : `${quoteIfNeeded(keyspace)}.${quoteIfNeeded(name)}`;

export const tupleText = (parts: readonly string[]): string => `(${parts.join(', ')})`;

/** A type as it stands in a hint. */
export function typeNodeText(node: TypeNode): string {
  switch (node.kind) {
    case 'native':
      return node.name;
    case 'list':
    case 'set':
      return `${node.kind}<${typeNodeText(node.element)}>`;
    case 'map':
      return `map<${typeNodeText(node.key)}, ${typeNodeText(node.value)}>`;
    case 'tuple':
      return `tuple<${node.fields.map(typeNodeText).join(', ')}>`;
    case 'vector':
      return `vector<${typeNodeText(node.element)}, ${node.dimensions}>`;
    case 'frozen':
      return `frozen<${typeNodeText(node.inner)}>`;
    case 'user':
      return node.keyspace === null ? node.name : `${node.keyspace}.${node.name}`;
    case 'custom':
      return `'${node.className}'`;
  }
}
