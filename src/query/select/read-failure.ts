// READ_FAILURE of the one replica that there is, as Cassandra words it.
import { FerrosaError } from '../../common/errors.js';
import { parseInet } from '../../types/index.js';

/** Codes of native_protocol_v5.spec section 9, and of Cassandra's RequestFailureReason. */
const reasons = { READ_TOO_MANY_TOMBSTONES: 1, READ_SIZE: 4 } as const;

/** The node as others know it. */
export type ReadNode = { readonly address: string; readonly port: number };

/** @param what  why; @param node  null where it is not known */
export function readFailure(
  what: string,
  reason: keyof typeof reasons,
  consistency: number,
  node: ReadNode | null,
): FerrosaError {
  const from = node === null ? '' : ` from /${node.address}:${node.port}`;
  const address = node === null ? null : parseInet(node.address);
  return new FerrosaError('READ_FAILURE', `Operation failed - ${what}: ${reason}${from}`, {
    consistency,
    received: 0,
    blockFor: 1,
    failures: 1,
    dataPresent: false,
    ...(address === null ? {} : { failureReasons: [{ address, reason: reasons[reason] }] }),
  });
}
