// What permissions are granted on: by the names that system_auth keeps, as `data/ks/t` or `roles/ann`. Source: Cassandra's DataResource,
// RoleResource, FunctionResource and JMXResource.
import { type CqlType, parseClassName, typeToClassName, typeToCql } from '../../types/index.js';
import type { Permission } from './permission.js';

/** The name of a resource in system_auth. */
export type Resource = string & { readonly unit: 'resource' };

const named = (name: string): Resource => name as Resource;

export const allKeyspaces = named('data');
export const allRoles = named('roles');
export const allFunctions = named('functions');
export const allMBeans = named('mbean');
export const keyspaceResource = (keyspace: string): Resource => named(`data/${keyspace}`);
export const allTablesResource = (keyspace: string): Resource => named(`data/${keyspace}/*`);
export const tableResource = (keyspace: string, table: string): Resource => named(`data/${keyspace}/${table}`);
export const roleResource = (role: string): Resource => named(`roles/${role}`);
export const functionsResource = (keyspace: string): Resource => named(`functions/${keyspace}`);
export const mbeanResource = (name: string): Resource => named(`mbean/${name}`);
export const functionResource = (keyspace: string, name: string, args: readonly CqlType[]): Resource =>
  named(`functions/${keyspace}/${name}[${args.map((type) => typeToClassName(type)).join('^')}]`);

export type ResourceKind = 'data' | 'roles' | 'functions' | 'mbean';

type Parts = { readonly kind: ResourceKind; readonly first: string | null; readonly second: string | null };

/** A role's name and a pattern of MBeans may have slashes of their own. */
function partsOf(resource: Resource): Parts {
  const slash = resource.indexOf('/');
  const kind = (slash < 0 ? resource : resource.slice(0, slash)) as ResourceKind;
  if (slash < 0) return { kind, first: null, second: null };
  const rest = resource.slice(slash + 1);
  const next = kind === 'roles' || kind === 'mbean' ? -1 : rest.indexOf('/');
  if (next < 0) return { kind, first: rest, second: null };
  return { kind, first: rest.slice(0, next), second: rest.slice(next + 1) };
}

export const kindOf = (resource: Resource): ResourceKind => partsOf(resource).kind;
/** Of data and functions; null for all of them, and for other resources. */
export function keyspaceOf(resource: Resource): string | null {
  const { kind, first } = partsOf(resource);
  return kind === 'data' || kind === 'functions' ? first : null;
}
export const isKeyspaceLevel = (resource: Resource): boolean => {
  const { kind, first, second } = partsOf(resource);
  return kind === 'data' && first !== null && second === null;
};
/** The name of a table, function, role or MBean; null when the resource stands for many. */
export function ownNameOf(resource: Resource): string | null {
  const { kind, first, second } = partsOf(resource);
  if (kind === 'roles' || kind === 'mbean') return first;
  return second === '*' ? null : second;
}

/** null for all of a kind. */
export function parentOf(resource: Resource): Resource | null {
  const { kind, first, second } = partsOf(resource);
  if (first === null) return null;
  if (second === null) return named(kind);
  if (kind === 'functions') return functionsResource(first);
  return second === '*' ? keyspaceResource(first) : allTablesResource(first);
}

/** The resource and what it is part of, from the smallest to the largest. */
export function chainOf(resource: Resource): Resource[] {
  const chain: Resource[] = [];
  for (let one: Resource | null = resource; one !== null; one = parentOf(one)) chain.push(one);
  return chain;
}

const rootTexts: Readonly<Record<ResourceKind, string>> = {
  data: '<all keyspaces>',
  roles: '<all roles>',
  functions: '<all functions>',
  mbean: '<all mbeans>',
};

/** As messages and LIST PERMISSIONS show it. */
export function resourceText(resource: Resource): string {
  const { kind, first, second } = partsOf(resource);
  if (first === null) return rootTexts[kind];
  if (kind === 'roles') return `<role ${first}>`;
  if (kind === 'mbean') return `<mbean ${first}>`;
  if (kind === 'functions') return second === null ? `<all functions in ${first}>` : functionText(first, second);
  if (second === null) return `<keyspace ${first}>`;
  return second === '*' ? `<all tables in ${first}>` : `<table ${first}.${second}>`;
}

function functionText(keyspace: string, signature: string): string {
  const open = signature.indexOf('[');
  const args = signature.slice(open + 1, -1);
  const types = args === '' ? [] : args.split('^').map((name) => typeToCql(parseClassName(name).type));
  return `<function ${keyspace}.${signature.slice(0, open)}(${types.join(', ')})>`;
}

const dataPermissions: readonly Permission[] = [
  'CREATE',
  'ALTER',
  'DROP',
  'SELECT',
  'MODIFY',
  'AUTHORIZE',
  'UNMASK',
  'SELECT_MASKED',
];

/** The permissions that mean something on it. */
export function applicablePermissions(resource: Resource): readonly Permission[] {
  const { kind, first } = partsOf(resource);
  const isOne = ownNameOf(resource) !== null;
  switch (kind) {
    case 'data':
      return isOne ? dataPermissions.filter((permission) => permission !== 'CREATE') : dataPermissions;
    case 'roles':
      return first === null
        ? ['CREATE', 'ALTER', 'DROP', 'AUTHORIZE', 'DESCRIBE']
        : ['ALTER', 'DROP', 'AUTHORIZE', 'DESCRIBE'];
    case 'functions':
      return isOne ? ['ALTER', 'DROP', 'AUTHORIZE', 'EXECUTE'] : ['CREATE', 'ALTER', 'DROP', 'AUTHORIZE', 'EXECUTE'];
    case 'mbean':
      return ['SELECT', 'MODIFY', 'AUTHORIZE', 'DESCRIBE', 'EXECUTE'];
  }
}
