// Roles as system_auth.roles, role_members and identity_to_role have them. Source: Cassandra's CassandraRoleManager.
import { utf8Bytes, utf8Text } from '../common/bytes.js';
import { invalid } from '../common/errors.js';
import { Consistency, internalQuery, type QueryProcessor } from '../query/index.js';
import { unpackSet } from '../types/index.js';
import type { RoleCredentials } from './authenticator.js';
import { hashPassword, type PasswordHashing } from './passwords.js';

export const defaultSuperuser = 'cassandra';

export type Role = RoleCredentials & {
  readonly name: string;
  readonly isSuperuser: boolean;
  /** Roles granted to it directly. */
  readonly memberOf: readonly string[];
};

/** What CREATE and ALTER ROLE set. */
export type RoleChange = {
  readonly login?: boolean;
  readonly superuser?: boolean;
  readonly saltedHash?: string;
};

type Row = ReadonlyMap<string, Uint8Array | null>;

export const textOf = (row: Row, column: string): string => utf8Text(row.get(column)!);
export function textsOf(row: Row, column: string): string[] {
  const cell = row.get(column) ?? null;
  return cell === null ? [] : unpackSet(cell).map(utf8Text);
}
const isTrue = (row: Row, column: string): boolean => row.get(column)?.[0] === 1;

/** Reads and writes roles; nothing is cached here. */
export class RoleStore {
  readonly #processor: QueryProcessor;

  constructor(processor: QueryProcessor) {
    this.#processor = processor;
  }

  /** null when there is no such role. */
  async find(name: string): Promise<Role | null> {
    const columns = 'can_login, is_superuser, salted_hash, member_of';
    const [row] = await this.#run(`SELECT ${columns} FROM system_auth.roles WHERE role = ?`, name, [name]);
    if (row === undefined) return null;
    const saltedHash = row.get('salted_hash') ?? null;
    return {
      name,
      canLogin: isTrue(row, 'can_login'),
      isSuperuser: isTrue(row, 'is_superuser'),
      saltedHash: saltedHash === null ? null : utf8Text(saltedHash),
      memberOf: textsOf(row, 'member_of'),
    };
  }

  /** The role and those granted to it, directly or (`inherited`) through others; none when it does not exist. */
  async withGranted(name: string, inherited: boolean): Promise<Role[]> {
    const first = await this.find(name);
    if (first === null) return [];
    const found = new Map([[name, first]]);
    const open = [...first.memberOf];
    for (let granted = open.shift(); granted !== undefined; granted = open.shift()) {
      if (found.has(granted)) continue;
      const role = await this.find(granted);
      if (role === null) continue;
      found.set(granted, role);
      if (inherited) open.push(...role.memberOf);
    }
    return [...found.values()];
  }

  /** When the role's password was set, in microseconds since the epoch; null when it has none. */
  async passwordTime(name: string): Promise<bigint | null> {
    const text = 'SELECT writetime(salted_hash) AS at FROM system_auth.roles WHERE role = ?';
    const [row] = await this.#run(text, name, [name]);
    const at = row?.get('at') ?? null;
    return at === null ? null : new DataView(at.buffer, at.byteOffset, 8).getBigInt64(0);
  }

  async names(): Promise<string[]> {
    return (await this.#run('SELECT role FROM system_auth.roles')).map((row) => textOf(row, 'role'));
  }

  async create(name: string, change: RoleChange): Promise<void> {
    const columns = ['role', 'is_superuser', 'can_login'];
    const values = ['?', String(change.superuser ?? false), String(change.login ?? false)];
    const binds = [name];
    if (change.saltedHash !== undefined) {
      columns.push('salted_hash');
      values.push('?');
      binds.push(change.saltedHash);
    }
    await this.#run(`INSERT INTO system_auth.roles (${columns.join(', ')}) VALUES (${values.join(', ')})`, name, binds);
  }

  async alter(name: string, change: RoleChange): Promise<void> {
    const sets: string[] = [];
    const binds: string[] = [];
    if (change.login !== undefined) sets.push(`can_login = ${change.login}`);
    if (change.superuser !== undefined) sets.push(`is_superuser = ${change.superuser}`);
    if (change.saltedHash !== undefined) {
      sets.push('salted_hash = ?');
      binds.push(change.saltedHash);
    }
    if (sets.length === 0) return;
    await this.#run(`UPDATE system_auth.roles SET ${sets.join(', ')} WHERE role = ?`, name, [...binds, name]);
  }

  /** With its memberships and identities. */
  async drop(name: string): Promise<void> {
    await this.#run('DELETE FROM system_auth.roles WHERE role = ?', name, [name]);
    const members = await this.#run('SELECT member FROM system_auth.role_members WHERE role = ?', name, [name]);
    for (const row of members) await this.#setMembership(name, textOf(row, 'member'), '-');
    await this.#run('DELETE FROM system_auth.role_members WHERE role = ?', name, [name]);
    for (const identity of await this.identitiesOf(name)) await this.dropIdentity(identity);
  }

  /** @throws FerrosaError INVALID when one is a member of the other already */
  async grant(role: string, grantee: string): Promise<void> {
    const has = async (one: string, other: string): Promise<boolean> =>
      (await this.withGranted(one, true)).some(({ name }) => name === other);
    if (await has(grantee, role)) throw invalid(`${grantee} is a member of ${role}`);
    if (await has(role, grantee)) throw invalid(`${role} is a member of ${grantee}`);
    await this.#setMembership(role, grantee, '+');
    await this.#run('INSERT INTO system_auth.role_members (role, member) VALUES (?, ?)', role, [role, grantee]);
  }

  /** @throws FerrosaError INVALID when it was not granted */
  async revoke(role: string, revokee: string): Promise<void> {
    const direct = await this.withGranted(revokee, false);
    if (!direct.some(({ name }) => name === role)) throw invalid(`${revokee} is not a member of ${role}`);
    await this.#setMembership(role, revokee, '-');
    await this.#run('DELETE FROM system_auth.role_members WHERE role = ? AND member = ?', role, [role, revokee]);
  }

  /** The role that a client with this identity logs in as, null when there is none. */
  async roleOfIdentity(identity: string): Promise<string | null> {
    const [row] = await this.#run('SELECT role FROM system_auth.identity_to_role WHERE identity = ?', '', [identity]);
    return row === undefined ? null : textOf(row, 'role');
  }

  async identitiesOf(role: string): Promise<string[]> {
    const text = 'SELECT identity FROM system_auth.identity_to_role WHERE role = ? ALLOW FILTERING';
    return (await this.#run(text, role, [role])).map((row) => textOf(row, 'identity'));
  }

  async addIdentity(identity: string, role: string): Promise<void> {
    await this.#run('INSERT INTO system_auth.identity_to_role (identity, role) VALUES (?, ?)', role, [identity, role]);
  }

  async dropIdentity(identity: string): Promise<void> {
    await this.#run('DELETE FROM system_auth.identity_to_role WHERE identity = ?', '', [identity]);
  }

  /** Makes the role cassandra with the password cassandra when there is no role at all; true when it did. */
  async ensureDefaultSuperuser(hashing: PasswordHashing): Promise<boolean> {
    const roles = await this.#run('SELECT role FROM system_auth.roles LIMIT 1');
    if (roles.length > 0) return false;
    // Older than anything that a person writes: a node that makes it again cannot bring an old password back.
    const insert =
      'INSERT INTO system_auth.roles (role, is_superuser, can_login, salted_hash) VALUES (?, true, true, ?) USING TIMESTAMP 0';
    await this.#run(insert, defaultSuperuser, [defaultSuperuser, await hashPassword(defaultSuperuser, hashing)]);
    return true;
  }

  async #setMembership(role: string, member: string, sign: '+' | '-'): Promise<void> {
    const literal = `{'${role.replaceAll("'", "''")}'}`;
    const text = `UPDATE system_auth.roles SET member_of = member_of ${sign} ${literal} WHERE role = ?`;
    await this.#run(text, member, [member]);
  }

  /** The default superuser is read and written at QUORUM, others at LOCAL_ONE, as Cassandra does. */
  #run(text: string, role = '', binds: readonly string[] = []): Promise<Map<string, Uint8Array | null>[]> {
    const consistency = role === defaultSuperuser ? Consistency.QUORUM : Consistency.LOCAL_ONE;
    return internalQuery(this.#processor, text, binds.map(utf8Bytes), consistency);
  }
}
