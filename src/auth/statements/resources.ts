// The resource that a statement names.
import { configError, invalid } from '../../common/errors.js';
import type { QualifiedName, TypeNode } from '../../cql/index.js';
import {
  allFunctions,
  allKeyspaces,
  allMBeans,
  allRoles,
  allTablesResource,
  functionResource,
  functionsResource,
  keyspaceOf,
  keyspaceResource,
  kindOf,
  mbeanResource,
  ownNameOf,
  type Resource,
  roleResource,
  tableResource,
} from '../../query/index.js';
import { typeFromSyntax } from '../../types/index.js';
import type { AccessContext } from '../context.js';
import { canonicalMBeanName, isMBeanDomain } from './mbean-name.js';

/** As the parser gives it. */
export type ResourceNode =
  | { readonly kind: 'keyspaces' | 'roles' }
  | { readonly kind: 'keyspace' | 'tables'; readonly keyspace: string }
  | { readonly kind: 'table'; readonly table: QualifiedName }
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'functions'; readonly keyspace?: string }
  | { readonly kind: 'function'; readonly function: QualifiedName; readonly args: readonly TypeNode[] }
  | { readonly kind: 'mbean' | 'mbeans'; readonly name: string | null };

/** Who names it: the keyspace is the session's. */
export type ResourceCall = { readonly access: Pick<AccessContext, 'catalogue'>; readonly keyspace: string | null };

/** @throws FerrosaError INVALID for a table without a keyspace when the session has none */
export function resourceOf(node: ResourceNode, call: ResourceCall): Resource {
  const where = ({ keyspace }: QualifiedName): string => {
    const name = keyspace ?? call.keyspace;
    if (name === null)
      throw invalid('No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename');
    return name;
  };
  switch (node.kind) {
    case 'keyspaces':
      return allKeyspaces;
    case 'keyspace':
      return keyspaceResource(node.keyspace);
    case 'tables':
      return allTablesResource(node.keyspace);
    case 'table':
      return tableResource(where(node.table), node.table.name);
    case 'roles':
      return allRoles;
    case 'role':
      return roleResource(node.role);
    case 'functions':
      return node.keyspace === undefined ? allFunctions : functionsResource(node.keyspace);
    case 'function': {
      const { keyspace } = node.function;
      if (keyspace === null) throw invalid('In this context function name must be explictly qualified by a keyspace');
      if (keyspace === 'system') throw invalid('Altering permissions on builtin functions is not supported');
      if (!call.access.catalogue.schema.keyspaces.has(keyspace))
        throw configError(`Keyspace ${keyspace} doesn't exist`);
      return functionResource(keyspace, node.function.name, argumentTypes(node.args, keyspace, call.access));
    }
    default:
      return node.name === null ? allMBeans : mbeanResource(canonicalMBeanName(node.name));
  }
}

function argumentTypes(args: readonly TypeNode[], keyspace: string, { catalogue }: ResourceCall['access']) {
  const { keyspaces } = catalogue.schema;
  const resolveUserType = (where: string, name: string) => keyspaces.get(where)?.types.get(name);
  return args.map((node) => typeFromSyntax(node, { keyspace, resolveUserType }));
}

export async function resourceExists(resource: Resource, access: AccessContext): Promise<boolean> {
  const { keyspaces } = access.catalogue.schema;
  const keyspace = keyspaceOf(resource);
  const own = ownNameOf(resource);
  switch (kindOf(resource)) {
    case 'data':
      if (keyspace === null) return true;
      return own === null ? keyspaces.has(keyspace) : keyspaces.get(keyspace)?.tables.has(own) === true;
    case 'roles':
      return own === null || (await access.roles.find(own)) !== null;
    case 'functions':
      if (keyspace === null || own === null) return keyspace === null || keyspaces.has(keyspace);
      return [...(keyspaces.get(keyspace)?.functions.values() ?? [])].some(
        (fn) => functionResource(fn.keyspace, fn.name, fn.argTypes) === resource,
      );
    case 'mbean':
      return own === null || isMBeanDomain(own);
  }
}
