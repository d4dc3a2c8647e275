// Roles, users, permissions, identities.
import { syntaxError } from '../common/errors.js';
import type { AuthStatement, OptionValue, TypeNode } from './ast.js';
import type { Cursor } from './cursor.js';
import { optionMap, parseIfExists, parseIfNotExists, parseKeyspaceName } from './ddl-parser.js';
import { parseTableName } from './dml-parser.js';
import { parseFunctionName, parseMapLiteral } from './term-parser.js';
import { parseType } from './type-parser.js';

const auth = (statement: string, details: Readonly<Record<string, unknown>>): AuthStatement => ({
  kind: 'auth',
  statement,
  details,
});

function parseRoleName(p: Cursor): string {
  if (p.is('STRING_LITERAL')) return p.next().text;
  if (p.is('QMARK')) p.fail('Bind variables cannot be used for role names');
  return p.name();
}

function parseUserName(p: Cursor): string {
  if (p.is('QUOTED_NAME')) {
    p.fail('Quoted strings are are not supported for user names and USER is deprecated, please use ROLE');
  }
  if (!p.is('IDENT') && !p.is('STRING_LITERAL')) p.noViable();
  return p.next().text;
}

function parseIdentityName(p: Cursor): string {
  if (p.is('QUOTED_NAME')) p.fail('Quoted strings are are not supported for identity');
  if (!p.is('IDENT') && !p.is('STRING_LITERAL')) p.noViable();
  return p.next().text;
}

type RoleOptions = Record<string, OptionValue | boolean | readonly string[]>;

function checkPasswords(options: RoleOptions): void {
  const given = (['password', 'hashed password', 'generated password'] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (given.length > 1) throw syntaxError(`Options '${given[0]}' and '${given[1]}' are mutually exclusive`);
}

/** CREATE USER and ALTER USER from the name on. */
export function parseUser(p: Cursor, verb: 'CREATE' | 'ALTER'): AuthStatement {
  const conditional = verb === 'CREATE' ? parseIfNotExists(p) : parseIfExists(p);
  const role = parseUserName(p);
  const options: RoleOptions = verb === 'CREATE' ? { login: true, superuser: false } : {};
  if (p.accept('K_WITH')) {
    if (p.accept('K_PASSWORD')) options['password'] = p.expect('STRING_LITERAL').text;
    else if (p.accept('K_HASHED')) {
      p.expect('K_PASSWORD');
      options['hashed password'] = p.expect('STRING_LITERAL').text;
    } else p.noViable();
  }
  if (p.accept('K_SUPERUSER')) options['superuser'] = true;
  else if (p.accept('K_NOSUPERUSER')) options['superuser'] = false;
  return auth(`${verb} USER`, { role, conditional, options });
}

/** CREATE ROLE and ALTER ROLE from the name on. */
export function parseRole(p: Cursor, verb: 'CREATE' | 'ALTER'): AuthStatement {
  const conditional = verb === 'CREATE' ? parseIfNotExists(p) : parseIfExists(p);
  const role = parseRoleName(p);
  const options: RoleOptions = {};
  if (p.accept('K_WITH')) {
    do parseRoleOption(p, options);
    while (p.accept('K_AND'));
  }
  checkPasswords(options);
  return auth(`${verb} ROLE`, { role, conditional, options });
}

/** Options as Cassandra's errors name them. */
const optionKeywords: Readonly<Record<string, string>> = {
  superuser: 'SUPERUSER',
  login: 'LOGIN',
  password: 'PASSWORD',
  'hashed password': 'HASHED_PASSWORD',
  options: 'OPTIONS',
};

function parseRoleOption(p: Cursor, options: RoleOptions): void {
  const { type } = p.peek();
  const assign = (): void => void p.expect("'='");
  const set = (name: string, value: OptionValue | boolean | readonly string[]): void => {
    if (options[name] !== undefined) p.fail(`Multiple definition for property '${optionKeywords[name] ?? name}'`);
    options[name] = value;
  };
  switch (type) {
    case 'K_PASSWORD':
      p.next();
      assign();
      return set('password', p.expect('STRING_LITERAL').text);
    case 'K_HASHED':
      p.next();
      p.expect('K_PASSWORD');
      assign();
      return set('hashed password', p.expect('STRING_LITERAL').text);
    case 'K_OPTIONS':
      p.next();
      assign();
      return set('options', optionMap(p, parseMapLiteral(p)));
    case 'K_SUPERUSER':
    case 'K_LOGIN':
      p.next();
      assign();
      return set(type === 'K_LOGIN' ? 'login' : 'superuser', p.expect('BOOLEAN').text.toLowerCase() === 'true');
    case 'K_ACCESS':
      return parseAccess(p, set);
    default:
      return p.noViable();
  }
}

function parseAccess(p: Cursor, set: (name: string, value: readonly string[]) => void): void {
  p.next();
  const datacenters = p.accept('K_TO');
  if (!datacenters && !p.accept('K_FROM')) p.noViable();
  const keyword = datacenters ? 'K_DATACENTERS' : 'K_CIDRS';
  const option = datacenters ? 'datacenters' : 'cidrs';
  if (p.accept('K_ALL')) {
    p.expect(keyword);
    return set(option, []);
  }
  p.expect(keyword);
  p.expect("'{'");
  const names = [p.expect('STRING_LITERAL').text];
  while (p.accept("','")) names.push(p.expect('STRING_LITERAL').text);
  p.expect("'}'");
  return set(option, names);
}

export function parseDropRole(p: Cursor, kind: 'ROLE' | 'USER'): AuthStatement {
  const conditional = parseIfExists(p);
  const role = kind === 'ROLE' ? parseRoleName(p) : parseUserName(p);
  return auth(`DROP ${kind}`, { role, conditional });
}

export function parseAddIdentity(p: Cursor): AuthStatement {
  p.next();
  p.expect('K_IDENTITY');
  const conditional = parseIfNotExists(p);
  const identity = parseIdentityName(p);
  p.expect('K_TO');
  p.expect('K_ROLE');
  return auth('ADD IDENTITY', { identity, role: parseIdentityName(p), conditional });
}

export function parseDropIdentity(p: Cursor): AuthStatement {
  const conditional = parseIfExists(p);
  return auth('DROP IDENTITY', { identity: parseIdentityName(p), conditional });
}

const permissionTokens = new Set(
  'CREATE ALTER DROP SELECT MODIFY AUTHORIZE DESCRIBE EXECUTE UNMASK SELECT_MASKED'
    .split(' ')
    .map((word) => `K_${word}`),
);

/** True when permissions, and not a role's name, stand here. */
function startsPermissions(p: Cursor): boolean {
  if (p.is('K_ALL')) return p.is('K_PERMISSIONS', 1) || p.is('K_ON', 1) || !p.is('K_TO', 1);
  return permissionTokens.has(p.peek().type) && !p.is('K_TO', 1) && !p.is('K_FROM', 1);
}

/** Permission names; 'ALL' alone for all of them. */
function parsePermissions(p: Cursor): string[] {
  if (p.accept('K_ALL')) {
    p.accept('K_PERMISSIONS');
    return ['ALL'];
  }
  const permissions: string[] = [];
  do {
    if (!permissionTokens.has(p.peek().type)) p.noViable();
    permissions.push(p.next().text.toUpperCase());
    p.accept('K_PERMISSION');
  } while (p.accept("','"));
  return permissions;
}

type Resource = { readonly kind: string; readonly [detail: string]: unknown };

function parseResource(p: Cursor): Resource {
  if (p.is('K_ALL')) return parseAllResource(p);
  if (p.accept('K_KEYSPACE')) return { kind: 'keyspace', keyspace: parseKeyspaceName(p) };
  if (p.is('K_ROLE') && !endsResource(p, 1)) {
    p.next();
    return { kind: 'role', role: parseRoleName(p) };
  }
  if (p.is('K_FUNCTION') && !endsResource(p, 1)) {
    p.next();
    const name = parseFunctionName(p);
    const args: TypeNode[] = [];
    p.expect("'('");
    if (!p.is("')'")) {
      args.push(parseType(p));
      while (p.accept("','")) args.push(parseType(p));
    }
    p.expect("')'");
    return { kind: 'function', function: name, args };
  }
  if ((p.is('K_MBEAN') || p.is('K_MBEANS')) && p.is('STRING_LITERAL', 1)) {
    const kind = p.next().type === 'K_MBEAN' ? 'mbean' : 'mbeans';
    return { kind, name: p.next().text };
  }
  p.accept('K_COLUMNFAMILY');
  return { kind: 'table', table: parseTableName(p) };
}

function endsResource(p: Cursor, ahead: number): boolean {
  return ['K_TO', 'K_FROM', 'K_OF', "'.'", "';'", 'EOF'].includes(p.peek(ahead).type);
}

function parseAllResource(p: Cursor): Resource {
  p.next();
  const { type } = p.next();
  switch (type) {
    case 'K_KEYSPACES':
      return { kind: 'keyspaces' };
    case 'K_ROLES':
      return { kind: 'roles' };
    case 'K_MBEANS':
      return { kind: 'mbeans', name: null };
    case 'K_TABLES':
    case 'K_FUNCTIONS': {
      const kind = type === 'K_TABLES' ? 'tables' : 'functions';
      if (kind === 'functions' && !p.is('K_IN')) return { kind };
      p.expect('K_IN');
      p.expect('K_KEYSPACE');
      return { kind, keyspace: parseKeyspaceName(p) };
    }
    default:
      return p.noViable();
  }
}

export function parseGrant(p: Cursor, verb: 'GRANT' | 'REVOKE'): AuthStatement {
  p.next();
  const end = verb === 'GRANT' ? 'K_TO' : 'K_FROM';
  if (!startsPermissions(p)) {
    const role = parseRoleName(p);
    p.expect(end);
    return auth(`${verb} ROLE`, { role, grantee: parseRoleName(p) });
  }
  const permissions = parsePermissions(p);
  p.expect('K_ON');
  const resource = parseResource(p);
  p.expect(end);
  return auth(verb, { permissions, resource, grantee: parseRoleName(p) });
}

export function parseList(p: Cursor): AuthStatement {
  if (p.is('K_USERS', 1)) return p.next() && p.next() && auth('LIST USERS', {});
  if (p.is('K_ROLES', 1)) {
    p.next();
    p.next();
    const grantee = p.accept('K_OF') ? parseRoleName(p) : null;
    return auth('LIST ROLES', { grantee, recursive: !p.accept('K_NORECURSIVE') });
  }
  if (!permissionTokens.has(p.peek(1).type) && !p.is('K_ALL', 1)) p.noViable(1);
  p.next();
  const permissions = parsePermissions(p);
  const resource = p.accept('K_ON') ? parseResource(p) : null;
  const grantee = p.accept('K_OF') ? parseRoleName(p) : null;
  return auth('LIST PERMISSIONS', { permissions, resource, grantee, recursive: !p.accept('K_NORECURSIVE') });
}
