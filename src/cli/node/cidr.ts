// What the operator may ask of the groups of address ranges.
import { cidrText, type OriginAccess } from '../../auth/index.js';
import { invalid } from '../../common/errors.js';
import type { CidrControl } from '../../http/index.js';

export function cidrControl({ groups, metrics, options }: OriginAccess): CidrControl {
  const checkOn = (): void => {
    if (options.cidr === null)
      throw invalid('There is no cache of CIDR groups with AllowAllCIDRAuthorizer: set cidr_authorizer');
  };
  return {
    async list() {
      return Object.fromEntries([...(await groups.all())].map(([name, cidrs]) => [name, cidrs.map(cidrText)]));
    },
    update: (group, cidrs) => groups.update(group, cidrs),
    drop: (group) => groups.drop(group),
    groupsOf(address) {
      checkOn();
      return groups.groupsOf(address);
    },
    async reload() {
      checkOn();
      await groups.load();
    },
    stats: () => ({ counts: metrics.counts(), latencies: metrics.latencies() }),
  };
}
