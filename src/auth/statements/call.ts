// A statement about roles as it is run, and what several of them do.
import { applicablePermissions, type ClientState, type QueryResult, type Resource } from '../../query/index.js';
import type { AccessContext } from '../context.js';
import { anonymous } from '../denial.js';

export type AuthCall = {
  readonly access: AccessContext;
  /** Who runs the statement. */
  readonly user: string;
  /** Of the session. */
  readonly keyspace: string | null;
};

export const nothing: QueryResult = { kind: 'void' };

/** The creator of something has all permissions on it. */
export async function grantToCreator(
  access: AccessContext,
  client: Pick<ClientState, 'user' | 'isInternal'>,
  resources: readonly Resource[],
): Promise<void> {
  if (!access.requiresAuthorization || client.isInternal || client.user === null || client.user === anonymous) return;
  for (const resource of resources)
    await access.permissions.grant(client.user, resource, applicablePermissions(resource));
  await access.permissionsChanged();
}
