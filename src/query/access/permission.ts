// Permissions, in Cassandra's order.
export const permissions = [
  'CREATE',
  'ALTER',
  'DROP',
  'SELECT',
  'MODIFY',
  'AUTHORIZE',
  'DESCRIBE',
  'EXECUTE',
  'UNMASK',
  'SELECT_MASKED',
] as const;
export type Permission = (typeof permissions)[number];

/** In the order of `permissions`, each once. */
export function sortPermissions(some: Iterable<Permission>): Permission[] {
  const set = new Set(some);
  return permissions.filter((permission) => set.has(permission));
}
