// Latencies of tables for Prometheus: histograms whose counts the shards keep.
import { Histogram, type MetricValueWithName } from 'prom-client';
import type { NodeControl } from './node-control.js';

const name = 'ferrosa_storage_latency_seconds';
const help = 'Time of reads, writes and scans in the storage of a table';
type Label = 'keyspace' | 'table' | 'kind' | 'le';
type Sample = MetricValueWithName<Label>;

/** A histogram of prom-client that gives counts which are kept elsewhere. */
class KeptHistogram extends Histogram<Label> {
  readonly #control: NodeControl;

  constructor(control: NodeControl) {
    super({ name, help, labelNames: ['keyspace', 'table', 'kind'], registers: [] });
    this.#control = control;
  }

  /** What the registry asks histograms for. */
  async getForPromString() {
    const distributions = await this.#control.latencies();
    const values = distributions.flatMap(({ keyspace, table, kind, count, sum, buckets }): Sample[] => {
      const labels = { keyspace, table, kind };
      const bucket = (le: number | string, value: number): Sample => ({
        value,
        labels: { ...labels, le },
        metricName: `${name}_bucket`,
      });
      return [
        ...buckets.map(([le, seen]) => bucket(le, seen)),
        bucket('+Inf', count),
        { value: sum, labels, metricName: `${name}_sum` },
        { value: count, labels, metricName: `${name}_count` },
      ];
    });
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}

export const latencyMetric = (control: NodeControl): Histogram<Label> => new KeptHistogram(control);
