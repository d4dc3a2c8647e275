// The paging state that clients give back to us: where to go on, and what is left of the limits. Clients may send anything,
// so it is signed; the key lives in the data folder, so that a state survives a restart.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { equalBytes } from '../../common/bytes.js';
import { protocolError } from '../../common/errors.js';
import { decodePosition } from '../../storage/index.js';
import type { ScanTarget } from './scan.js';

const format = 1;
const macBytes = 16;
const headerBytes = 1 + 4 + 4 + 4;

export type PagingState = {
  /** Rows (groups) that LIMIT still allows; 0xffffffff when there is none. */
  readonly remaining: number;
  /** Rows (groups) already given of the partition that `position` is in. */
  readonly givenInPartition: number;
  /** Identifies the statement shape the state belongs to. */
  readonly shape: number;
  /** Position of a row stream; empty: from the start. */
  readonly position: Uint8Array;
};

/** Signs and checks paging states. */
export class PagingStateCodec {
  /** @param key  secret, at least 16 random bytes */
  constructor(private readonly key: Uint8Array) {}

  encode(state: PagingState): Uint8Array {
    const bytes = new Uint8Array(headerBytes + state.position.length + macBytes);
    const view = new DataView(bytes.buffer);
    bytes[0] = format;
    view.setUint32(1, state.remaining);
    view.setUint32(5, state.givenInPartition);
    view.setUint32(9, state.shape);
    bytes.set(state.position, headerBytes);
    bytes.set(this.#mac(bytes.subarray(0, bytes.length - macBytes)), bytes.length - macBytes);
    return bytes;
  }

  /** @throws FerrosaError PROTOCOL_ERROR when it is not a state of ours for this statement shape */
  decode(bytes: Uint8Array, shape: number): PagingState {
    if (bytes.length < headerBytes + macBytes || bytes[0] !== format) throw badState();
    const body = bytes.subarray(0, bytes.length - macBytes);
    if (!timingSafeEqual(this.#mac(body), bytes.subarray(bytes.length - macBytes))) throw badState();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(9) !== shape) throw badState();
    return {
      remaining: view.getUint32(1),
      givenInPartition: view.getUint32(5),
      shape,
      position: body.subarray(headerBytes),
    };
  }

  #mac(body: Uint8Array): Uint8Array {
    return createHmac('sha256', this.key).update(body).digest().subarray(0, macBytes);
  }
}

const badState = () => protocolError('Invalid value for the paging state');

/** Key of the partition that a state stands in; null at the start. */
export function keyOfState(state: PagingState | null): Uint8Array | null {
  if (state === null || state.position.length === 0) return null;
  const { position } = state;
  return position.subarray(2, 2 + (position[0]! | (position[1]! << 8)));
}

/** Whether the row before was of this partition too. Rows of one partition mostly share the key's array. */
export const isSameKey = (key: Uint8Array, before: Uint8Array | null): boolean =>
  key === before || (before !== null && equalBytes(key, before));

/**
 * The state as a read of `target` can go on from it: of another statement on the table, it may point before all that is read here.
 * @throws FerrosaError PROTOCOL_ERROR when it points at a partition that is not among those that are read
 */
export function stateWithin({ partitions }: Pick<ScanTarget, 'partitions'>, state: PagingState): PagingState {
  if (state.position.length === 0) return state;
  const { key, token } = decodePosition(state.position);
  if ('keys' in partitions) {
    if (!partitions.keys.some((other) => equalBytes(other, key))) throw badState();
    return state;
  }
  return token < partitions.range.start ? { ...state, givenInPartition: 0, position: new Uint8Array(0) } : state;
}
