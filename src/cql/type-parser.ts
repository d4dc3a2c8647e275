// Types as they stand in DDL, casts and hints.
import type { TypeNode } from './ast.js';
import type { Cursor } from './cursor.js';
import { basicUnreservedTokens, nativeTypeTokens } from './keywords.js';

/** A native type alone, as CAST wants it. */
export function parseNativeType(p: Cursor): string {
  if (!nativeTypeTokens.has(p.peek().type)) p.noViable();
  const name = p.next().text.toLowerCase();
  return name === 'varchar' ? 'text' : name;
}

/** Any type. */
export function parseType(p: Cursor): TypeNode {
  return p.nested(() => parseTypeHere(p));
}

/** True when a type can start here. */
export function startsType(p: Cursor): boolean {
  const { type } = p.peek();
  const named =
    type === 'IDENT' || type === 'QUOTED_NAME' || type === 'STRING_LITERAL' || type === 'K_KEY' || type === 'K_SET';
  return named || nativeTypeTokens.has(type) || basicUnreservedTokens.has(type);
}

function parseTypeHere(p: Cursor): TypeNode {
  const { type } = p.peek();
  const generic = p.is("'<'", 1);
  if (type === 'STRING_LITERAL') return { kind: 'custom', className: p.next().text };
  if (nativeTypeTokens.has(type) && !p.is("'.'", 1)) return { kind: 'native', name: parseNativeType(p) };
  if (generic) {
    switch (type) {
      case 'K_LIST':
      case 'K_SET':
        return inAngles(p, () => ({ kind: type === 'K_LIST' ? 'list' : 'set', element: parseType(p) }));
      case 'K_MAP':
        return inAngles(p, () => {
          const key = parseType(p);
          p.expect("','", 1);
          return { kind: 'map', key, value: parseType(p) };
        });
      case 'K_FROZEN':
        return inAngles(p, () => ({ kind: 'frozen', inner: parseType(p) }));
      case 'K_TUPLE':
        return inAngles(p, () => {
          const fields = [parseType(p)];
          while (p.accept("','")) fields.push(parseType(p));
          return { kind: 'tuple', fields };
        });
      case 'K_VECTOR':
        return inAngles(p, () => {
          const element = parseType(p);
          p.expect("','", 1);
          return { kind: 'vector', element, dimensions: Number(p.expect('INTEGER').text) };
        });
    }
  }
  return parseUserType(p);
}

function inAngles(p: Cursor, parse: () => TypeNode): TypeNode {
  p.next();
  p.expect("'<'");
  const node = parse();
  p.expect("'>'", 1);
  return node;
}

function parseUserType(p: Cursor): TypeNode {
  if (!startsType(p) && !p.isName()) p.noViable();
  if (p.is("'.'", 1)) {
    const keyspace = p.name();
    p.next();
    return { kind: 'user', keyspace, name: p.userTypeName() };
  }
  return { kind: 'user', keyspace: null, name: p.userTypeName() };
}
