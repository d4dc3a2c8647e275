// Verbs of ferrosa-ctl about roles and permissions.
import type { Verb, VerbResult } from './ctl-verb.js';

const silent: VerbResult = { data: { done: true }, text: '' };

/** Forgets what a cache of system_auth has, of all roles or of those named. */
const invalidate = (cache: 'roles' | 'credentials' | 'network', what: string = cache): Verb => ({
  usage: '[<role>...]',
  help: `Invalidate the ${what} cache, of all roles or of those named`,
  argumentsMin: 0,
  argumentsMax: Number.MAX_SAFE_INTEGER,
  async run(client, roles) {
    if (roles.length === 0) await client.act('invalidateauthcache', { cache });
    for (const role of roles) await client.act('invalidateauthcache', { cache, role });
    return silent;
  },
});

export const authVerbs: Readonly<Record<string, Verb>> = {
  invalidaterolescache: invalidate('roles'),
  invalidatecredentialscache: invalidate('credentials'),
  invalidatenetworkpermissionscache: invalidate('network', 'network permissions'),
  reloadssl: {
    usage: '',
    help: 'Read the certificates of the CQL ports again',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      await client.act('reloadssl');
      return silent;
    },
  },
  invalidatepermissionscache: {
    usage: '[<role> [<resource>...]]',
    help: 'Invalidate the permissions cache, of all roles, of one, or of one on resources as data/<keyspace>/<table>',
    argumentsMin: 0,
    argumentsMax: Number.MAX_SAFE_INTEGER,
    async run(client, [role, ...resources]) {
      const of = { cache: 'permissions', ...(role === undefined ? {} : { role }) };
      if (resources.length === 0) await client.act('invalidateauthcache', of);
      for (const resource of resources) await client.act('invalidateauthcache', { ...of, resource });
      return silent;
    },
  },
};
