// What one server takes on at a time. Names are those of cassandra.yaml where it has one.
import { envelopeBytesMaxDefault } from '../protocol/index.js';

export type ServerLimits = {
  /** native_transport_max_concurrent_connections; -1 for no limit. */
  readonly connectionsMax: number;
  /** native_transport_max_concurrent_connections_per_ip; -1 for no limit. */
  readonly connectionsPerAddressMax: number;
  /** native_transport_max_frame_size: header and body of one request. */
  readonly frameBytesMax: number;
  /** native_transport_max_request_data_in_flight. */
  readonly requestBytesMax: number;
  /** native_transport_max_request_data_in_flight_per_ip. */
  readonly requestBytesPerAddressMax: number;
  readonly requestsMax: number;
  readonly requestsPerConnectionMax: number;
  /** Bytes of answers that one client may leave unread before its requests wait. */
  readonly outputBytesMax: number;
  /** native_transport_idle_timeout; 0 for none. */
  readonly idleTimeoutMs: number;
};

const MiB = 1024 * 1024;

export const defaultServerLimits: ServerLimits = {
  connectionsMax: -1,
  connectionsPerAddressMax: -1,
  frameBytesMax: envelopeBytesMaxDefault,
  requestBytesMax: 256 * MiB,
  requestBytesPerAddressMax: 64 * MiB,
  requestsMax: 65_536,
  requestsPerConnectionMax: 2_048,
  outputBytesMax: 16 * MiB,
  idleTimeoutMs: 0,
};

type AddressUse = { connections: number; bytes: number };

/** Counts connections and requests against the limits. One a server. */
export class ServerBudget {
  readonly #addresses = new Map<string, AddressUse>();
  readonly #waiting = new Set<() => void>();
  #connections = 0;
  #requests = 0;
  #bytes = 0;

  constructor(readonly limits: ServerLimits) {}

  get connections(): number {
    return this.#connections;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False when the connection would be one too many; then nothing is counted. */
  tryConnect(address: string): boolean {
    const use = this.#use(address);
    const { connectionsMax, connectionsPerAddressMax } = this.limits;
    const full = connectionsMax >= 0 && this.#connections >= connectionsMax;
    const addressFull = connectionsPerAddressMax >= 0 && use.connections >= connectionsPerAddressMax;
    if (full || addressFull) {
      this.#forgetUnused(address, use);
      return false;
    }
    this.#connections++;
    use.connections++;
    return true;
  }

  disconnect(address: string): void {
    const use = this.#use(address);
    this.#connections--;
    use.connections--;
    this.#forgetUnused(address, use);
  }

  /** Why a request of `bytes` has to wait or to fail; null when there is room for it. */
  overload(address: string, bytes: number): string | null {
    const { requestBytesMax, requestBytesPerAddressMax, requestsMax } = this.limits;
    const inUse = this.#addresses.get(address)?.bytes ?? 0;
    const tail = 'Server is currently in an overloaded state and cannot accept more requests.';
    if (this.#requests >= requestsMax)
      return `Request breached global limit of ${requestsMax} requests in flight. ${tail}`;
    if (this.#bytes + bytes <= requestBytesMax && inUse + bytes <= requestBytesPerAddressMax) return null;
    const endpoint = `Endpoint: ${inUse}/${requestBytesPerAddressMax} bytes`;
    return `Request breached limit on bytes in flight. (${endpoint}, Global: ${this.#bytes}/${requestBytesMax} bytes.) ${tail}`;
  }

  acquire(address: string, bytes: number): void {
    this.#requests++;
    this.#bytes += bytes;
    this.#use(address).bytes += bytes;
  }

  release(address: string, bytes: number): void {
    this.#requests--;
    this.#bytes -= bytes;
    const use = this.#use(address);
    use.bytes -= bytes;
    this.#forgetUnused(address, use);
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  }

  /** Calls `resume` when a request has ended. */
  onRelease(resume: () => void): void {
    this.#waiting.add(resume);
  }

  forget(resume: () => void): void {
    this.#waiting.delete(resume);
  }

  #use(address: string): AddressUse {
    let use = this.#addresses.get(address);
    if (use === undefined) {
      use = { connections: 0, bytes: 0 };
      this.#addresses.set(address, use);
    }
    return use;
  }

  #forgetUnused(address: string, use: AddressUse): void {
    if (use.connections === 0 && use.bytes === 0) this.#addresses.delete(address);
  }
}
