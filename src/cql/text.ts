// Terms, types and names as Cassandra's messages print them.
import { grownHashSize, javaBytesHash, javaHashOrder } from '../common/java-hash.js';
import { quoteIfNeeded } from '../types/index.js';
import type { Term, TypeNode } from './ast.js';

/** A term as error messages show it. */
export function termText(term: Term): string {
  switch (term.kind) {
    case 'literal':
      return term.literal === 'string' ? `'${term.text}'` : term.text;
    case 'null':
      return 'NULL';
    case 'marker':
      return '?';
    case 'call':
      return `${functionText(term.function.keyspace, term.function.name)}(${term.args.map(termText).join(', ')})`;
    case 'hint':
      return `(${typeNodeText(term.type)})${termText(term.term)}`;
    case 'list':
      return `[${term.elements.map(termText).join(', ')}]`;
    case 'set':
      return `{${term.elements.map(termText).join(', ')}}`;
    case 'map':
      return `{${term.entries.map(([key, value]) => `${termText(key)}: ${termText(value)}`).join(', ')}}`;
    case 'udt':
      return `{${inHashOrder(term.fields)
        .map(([name, value]) => `${name}: ${termText(value)}`)
        .join(', ')}}`;
    case 'tuple':
      return tupleText(term.elements.map(termText));
    case 'arithmetic':
      return `${operationNames[term.op]}(${termText(term.left)}, ${termText(term.right)})`;
    case 'negate':
      return `system."_negate"(${termText(term.term)})`;
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
