// V8's garbage collector, for who knows that nobody waits for this thread now.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The collector of the thread that asks, which V8 shows to those who ask by flag. */
export function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
