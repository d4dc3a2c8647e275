// Checks of one statement of one client: what a guardrail warns of is collected, what it forbids ends the statement.
import { type FerrosaError, invalid } from '../../common/errors.js';
import type { GuardrailConfig } from './config.js';
import {
  type Flag,
  type FlagName,
  flags,
  type Threshold,
  type ThresholdName,
  thresholds,
  type ValuesName,
  valueLists,
  warnedFlags,
} from './definitions.js';

function violated(name: string, reason: string | undefined, message: string): string {
  const text = `Guardrail ${name} violated: ${message}`;
  return reason === undefined ? text : `${text}${message.endsWith('.') ? ' ' : '. '}${reason}`;
}

/** Cassandra's ClientWarn has no more: the protocol counts them in two bytes. */
const warningsMax = 0xffff;

/** As Java prints a set. */
const listText = (values: readonly string[]): string => `[${values.join(', ')}]`;

export class Guard {
  /** What the client is told beside the answer. */
  readonly warnings: string[] = [];

  constructor(readonly config: GuardrailConfig) {}

  isThresholdSet(name: ThresholdName): boolean {
    return this.config.threshold(name, 'warn') >= 0 || this.config.threshold(name, 'fail') >= 0;
  }

  /** @throws FerrosaError INVALID beyond the failure threshold */
  threshold(name: ThresholdName, value: number, what: string): void {
    this.compare(name, value, what, this.config.threshold(name, 'warn'), this.config.threshold(name, 'fail'));
  }

  /** The same with thresholds that are made of the settings, such as a point in time of a duration; negative: none. */
  compare(
    name: ThresholdName,
    value: number | bigint,
    what: string,
    warn: number | bigint,
    fail: number | bigint,
  ): void {
    const { kind, reason, text }: Threshold = thresholds[name];
    const beyond = (limit: number | bigint): boolean => limit >= 0 && (kind === 'max' ? value > limit : value < limit);
    const say = (isWarning: boolean, limit: number | bigint) =>
      violated(name, reason, text(isWarning, what, String(value), String(limit)));
    if (beyond(fail)) throw this.#failed(say(false, fail));
    if (beyond(warn)) this.#warn(say(true, warn));
  }

  /** @param feature  what is used, when that is not just what the guardrail is about */
  flag(name: FlagName, feature?: string): void {
    const { name: guardrail, feature: usual, reason }: Flag = flags[name];
    const what = feature ?? usual;
    if (!this.config.flag(name)) throw this.#failed(violated(guardrail, reason, `${what} is not allowed`));
    const warned = (warnedFlags as Readonly<Record<string, 'zero_ttl_on_twcs_warned'>>)[name];
    if (warned !== undefined && this.config.flag(warned))
      this.#warn(violated(guardrail, reason, `${what} is not recommended`));
  }

  /** Looks at the disk before a write. @throws FerrosaError INVALID when it is too full */
  diskUsage(): void {
    const { config } = this;
    const percent = config.diskUsagePercent;
    if (percent === null || !this.isThresholdSet('data_disk_usage_percentage')) return;
    const beyond = (end: 'warn' | 'fail'): boolean => {
      const limit = config.threshold('data_disk_usage_percentage', end);
      return limit >= 0 && percent > limit;
    };
    const name = 'replica_disk_usage';
    if (beyond('fail'))
      throw this.#failed(
        violated(name, undefined, 'Write request failed because disk usage exceeds failure threshold'),
      );
    if (beyond('warn')) this.#warn(violated(name, undefined, 'Replica disk usage exceeds warning threshold'));
  }

  /** Returns those that are to be ignored. @throws FerrosaError INVALID for a value that is not allowed */
  values(name: ValuesName, given: readonly string[]): string[] {
    const { what } = valueLists[name];
    const among = (end: 'warned' | 'ignored' | 'disallowed'): string[] => {
      const known = this.config.values(name, end);
      return given.filter((value) => known.includes(value)).sort();
    };
    const all = (end: 'warned' | 'ignored' | 'disallowed') => listText(this.config.values(name, end));
    const say = (message: string) => violated(name, undefined, message);
    const disallowed = among('disallowed');
    if (disallowed.length > 0)
      throw this.#failed(
        say(
          `Provided values ${listText(disallowed)} are not allowed for ${what} (disallowed values are: ${all('disallowed')})`,
        ),
      );
    const ignored = among('ignored');
    if (ignored.length > 0)
      this.#warn(
        say(
          `Ignoring provided values ${listText(ignored)} as they are not supported for ${what} (ignored values are: ${all('ignored')})`,
        ),
      );
    const warned = among('warned');
    if (warned.length > 0)
      this.#warn(
        say(
          `Provided values ${listText(warned)} are not recommended for ${what} (warned values are: ${all('warned')})`,
        ),
      );
    return ignored;
  }

  /** What `check` warns of counts as often: it is the same for each of several rows. */
  repeated(times: number, check: () => void): void {
    const from = this.warnings.length;
    check();
    const made = this.warnings.slice(from);
    for (let i = 1; i < times && this.warnings.length < warningsMax && made.length > 0; i++)
      for (const message of made) this.#warn(message);
  }

  /** As often as Cassandra says it: once a cell, if need be. */
  #warn(message: string): void {
    if (this.warnings.length < warningsMax) this.warnings.push(message);
  }

  #failed(message: string): FerrosaError {
    return invalid(message);
  }
}
