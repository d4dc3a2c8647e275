// What calls and operations mean, worked out once a plan: choosing one asks its arguments for their types once for every overload, and each
// of those would choose among all of its own again.
import { type CqlType, typeToCql } from '../../types/index.js';
import type { CqlFunction } from '../function-api.js';
import type { PlanEnvironment } from '../plan-environment.js';

type Outcome = { readonly fn: CqlFunction | null } | { readonly error: unknown };

const known = new WeakMap<PlanEnvironment, Map<object, Map<string, Outcome>>>();

/**
 * What `resolve` gives or throws; the same again for the same call and receiver in the same plan.
 * @param receiver  type the result goes to, null when nothing is known
 */
export function resolveOnce(
  environment: PlanEnvironment,
  call: object,
  receiver: CqlType | null,
  resolve: () => CqlFunction | null,
): CqlFunction | null {
  const ofCall = entry(
    entry(known, environment, () => new Map<object, Map<string, Outcome>>()),
    call,
    () => new Map<string, Outcome>(),
  );
  const outcome = entry(ofCall, receiver === null ? '' : typeToCql(receiver), () => outcomeOf(resolve));
  if ('error' in outcome) throw outcome.error;
  return outcome.fn;
}

function outcomeOf(resolve: () => CqlFunction | null): Outcome {
  try {
    return { fn: resolve() };
  } catch (error) {
    return { error };
  }
}

type Lookup<K, V> = { get(key: K): V | undefined; set(key: K, value: V): unknown };

function entry<K, V>(map: Lookup<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
