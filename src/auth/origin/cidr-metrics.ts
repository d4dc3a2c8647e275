// What the CIDR authorizer counts: system_views.cidr_filtering_metrics_*. Source: Cassandra's CIDRAuthorizerMetrics.
import { Histogram } from '../../common/histogram.js';

/** Of an address that is in no group. */
const noGroup = 'Undefined';
/** Groups that are counted apart; of further ones nothing is. */
const groupsMax = 10_000;

export class CidrMetrics {
  reloads = 0;
  /** Nanoseconds. */
  readonly checkLatency = new Histogram();
  readonly lookupLatency = new Histogram();
  readonly reloadLatency = new Histogram();
  readonly accepted = new Map<string, number>();
  readonly rejected = new Map<string, number>();

  /** @param nowMs  monotonic milliseconds */
  constructor(private readonly nowMs: () => number) {}

  /** Monotonic whole nanoseconds. */
  now(): number {
    return Math.floor(this.nowMs() * 1e6);
  }

  count(outcome: 'accepted' | 'rejected', groups: readonly string[]): void {
    const counts = this[outcome];
    for (const group of groups.length === 0 ? [noGroup] : groups) {
      const before = counts.get(group);
      if (before !== undefined || counts.size < groupsMax) counts.set(group, (before ?? 0) + 1);
    }
  }

  /** Rows of cidr_filtering_metrics_counts. */
  counts(): { name: string; value: number }[] {
    const rows = [{ name: 'CIDR groups cache reload count', value: this.reloads }];
    for (const outcome of ['accepted', 'rejected'] as const)
      for (const [group, value] of this[outcome])
        rows.push({ name: `Number of CIDR accesses ${outcome} from CIDR group - ${group}`, value });
    return rows;
  }

  /** Rows of cidr_filtering_metrics_latencies. */
  latencies(): { name: string; p50th: number; p95th: number; p99th: number; p999th: number; max: number }[] {
    const row = (name: string, histogram: Histogram) => ({
      name,
      p50th: histogram.quantile(0.5),
      p95th: histogram.quantile(0.95),
      p99th: histogram.quantile(0.99),
      p999th: histogram.quantile(0.999),
      max: histogram.quantile(1),
    });
    return [
      row('CIDR checks latency (ns)', this.checkLatency),
      row('CIDR groups cache reload latency (ns)', this.reloadLatency),
      row('Lookup IP in CIDR groups cache latency (ns)', this.lookupLatency),
    ];
  }
}
