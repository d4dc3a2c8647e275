// Permissions as system_auth.role_permissions has them, and the index by resource beside it. Source: Cassandra's CassandraAuthorizer.
import { utf8Bytes } from '../common/bytes.js';
import {
  permissions as allPermissions,
  internalQuery,
  type Permission,
  type QueryProcessor,
  type Resource,
  sortPermissions,
} from '../query/index.js';
import { textOf, textsOf } from './roles.js';

export type Grant = { readonly role: string; readonly resource: Resource; readonly permission: Permission };

/** What a newer version may have granted is not known here and grants nothing. */
const isPermission = (text: string): text is Permission => (allPermissions as readonly string[]).includes(text);

/** Reads and writes permissions; nothing is cached here. */
export class PermissionStore {
  readonly #processor: QueryProcessor;

  constructor(processor: QueryProcessor) {
    this.#processor = processor;
  }

  /** Granted to the role itself on this resource itself. */
  async of(role: string, resource: Resource): Promise<Permission[]> {
    const text = 'SELECT permissions FROM system_auth.role_permissions WHERE role = ? AND resource = ?';
    const [row] = await this.#run(text, role, resource);
    return row === undefined ? [] : sortPermissions(textsOf(row, 'permissions').filter(isPermission));
  }

  /** Which roles have permissions on which resources. */
  async all(): Promise<{ role: string; resource: Resource }[]> {
    const rows = await this.#run('SELECT role, resource FROM system_auth.role_permissions');
    return rows.map((row) => ({ role: textOf(row, 'role'), resource: textOf(row, 'resource') as Resource }));
  }

  /** Returns those of `permissions` that the role did not have. */
  async grant(role: string, resource: Resource, permissions: readonly Permission[]): Promise<Permission[]> {
    const had = await this.of(role, resource);
    const fresh = permissions.filter((permission) => !had.includes(permission));
    if (fresh.length === 0) return fresh;
    await this.#change(role, resource, '+', fresh);
    const index = 'INSERT INTO system_auth.resource_role_permissons_index (resource, role) VALUES (?, ?)';
    await this.#run(index, resource, role);
    return fresh;
  }

  /** Returns those of `permissions` that the role had. */
  async revoke(role: string, resource: Resource, permissions: readonly Permission[]): Promise<Permission[]> {
    const had = await this.of(role, resource);
    const gone = permissions.filter((permission) => had.includes(permission));
    if (gone.length === 0) return gone;
    await this.#change(role, resource, '-', gone);
    // Cassandra forgets the entry even when the role keeps other permissions, which then outlive the resource.
    if (gone.length === had.length) await this.#run(deleteIndex, resource, role);
    return gone;
  }

  /** For a role that is gone. */
  async revokeAllFrom(role: string): Promise<void> {
    const rows = await this.#run('SELECT resource FROM system_auth.role_permissions WHERE role = ?', role);
    for (const row of rows) await this.#run(deleteIndex, textOf(row, 'resource'), role);
    await this.#run('DELETE FROM system_auth.role_permissions WHERE role = ?', role);
  }

  /** For resources that are gone. */
  async revokeAllOn(isGone: (resource: Resource) => boolean): Promise<void> {
    const rows = await this.#run('SELECT resource, role FROM system_auth.resource_role_permissons_index');
    for (const row of rows) {
      const resource = textOf(row, 'resource');
      if (!isGone(resource as Resource)) continue;
      const role = textOf(row, 'role');
      await this.#run('DELETE FROM system_auth.role_permissions WHERE role = ? AND resource = ?', role, resource);
      await this.#run(deleteIndex, resource, role);
    }
  }

  /** All grants, those of one role, those on one resource. */
  async list(role: string | null, resource: Resource | null): Promise<Grant[]> {
    const conditions: string[] = [];
    const binds: string[] = [];
    if (resource !== null) {
      conditions.push('resource = ?');
      binds.push(resource);
    }
    if (role !== null) {
      conditions.push('role = ?');
      binds.push(role);
    }
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    const filtering = resource !== null && role === null ? ' ALLOW FILTERING' : '';
    const text = `SELECT role, resource, permissions FROM system_auth.role_permissions${where}${filtering}`;
    return (await this.#run(text, ...binds)).flatMap((row) =>
      sortPermissions(textsOf(row, 'permissions').filter(isPermission)).map((permission) => ({
        role: textOf(row, 'role'),
        resource: textOf(row, 'resource') as Resource,
        permission,
      })),
    );
  }

  #change(role: string, resource: Resource, sign: '+' | '-', permissions: readonly Permission[]): Promise<unknown> {
    const literal = `{${permissions.map((permission) => `'${permission}'`).join(', ')}}`;
    const set = `permissions = permissions ${sign} ${literal}`;
    return this.#run(`UPDATE system_auth.role_permissions SET ${set} WHERE role = ? AND resource = ?`, role, resource);
  }

  #run(text: string, ...binds: readonly string[]): Promise<Map<string, Uint8Array | null>[]> {
    return internalQuery(this.#processor, text, binds.map(utf8Bytes));
  }
}

const deleteIndex = 'DELETE FROM system_auth.resource_role_permissons_index WHERE resource = ? AND role = ?';
