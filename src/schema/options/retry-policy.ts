// speculative_retry and additional_write_policy: ALWAYS, NEVER, 99p, 50ms, MIN(99p,50ms), MAX(...).
import { configError } from '../../common/errors.js';
import { parseJavaDouble } from './properties.js';

type Policy = { readonly kind: string; readonly text: string };

// Cassandra names this option also where it speaks of additional_write_policy.
const bad = (text: string) => configError(`Invalid value ${text} for option 'speculative_retry'`);

/** Up to four digits after the point, as Java's DecimalFormat("#.####") prints them. */
function formatPercentile(value: number): string {
  return String(Math.round(value * 10_000) / 10_000);
}

function parseSimple(text: string): Policy | null {
  const lower = text.toLowerCase();
  if (lower === 'always') return { kind: 'ALWAYS', text: 'ALWAYS' };
  if (lower === 'never' || lower === 'none') return { kind: 'NEVER', text: 'NEVER' };
  const percentile = /^([0-9.]+)p(ercentile)?$/.exec(lower);
  if (percentile !== null) {
    const value = parseJavaDouble(percentile[1]!);
    if (value === null) throw bad(text);
    if (value <= 0 || value >= 100)
      throw configError(
        `Invalid value ${text} for PERCENTILE option 'speculative_retry': must be between (0.0 and 100.0)`,
      );
    return { kind: 'PERCENTILE', text: `${formatPercentile(value)}p` };
  }
  const fixed = /^([0-9.]+)ms$/.exec(lower);
  if (fixed === null) return null;
  const milliseconds = parseJavaDouble(fixed[1]!);
  if (milliseconds === null) throw bad(text);
  return { kind: 'FIXED', text: `${Math.min(Math.trunc(milliseconds), 2 ** 31 - 1)}ms` };
}

/** The policy as system_schema shows it. @throws FerrosaError CONFIG_ERROR */
export function retryPolicyText(text: string): string {
  const simple = parseSimple(text);
  if (simple !== null) return simple.text;
  const hybrid = /^(min|max)\(([0-9.]+[a-z]+)\s*,\s*([0-9.]+[a-z]+)\)$/i.exec(text);
  if (hybrid === null) throw bad(text);
  const first = parseSimple(hybrid[2]!);
  const second = parseSimple(hybrid[3]!);
  if (first === null || second === null) throw bad(text);
  if (first.kind === second.kind)
    throw configError(
      `Invalid value ${text} for option 'speculative_retry': MIN()/MAX() arguments should be of different types, ` +
        `but both are of type ${first.kind}`,
    );
  const [percentile, fixed] = first.kind === 'PERCENTILE' ? [first, second] : [second, first];
  return `${hybrid[1]!.toUpperCase()}(${percentile.text},${fixed.text})`;
}
