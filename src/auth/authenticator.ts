// Who may connect. The two authenticators of Cassandra, with its class names, texts and SASL PLAIN exchange.
import { FerrosaError } from '../common/errors.js';
import { hashPassword, type PasswordHashing, verifyPassword } from './passwords.js';

/** What an authenticator needs to know about a role. */
export type RoleCredentials = {
  readonly canLogin: boolean;
  /** argon2 or bcrypt, null for a role without a password. */
  readonly saltedHash: string | null;
};
export type FindRole = (name: string) => Promise<RoleCredentials | null>;

/** A certificate that is trusted. */
export type ClientCertificate = { readonly identity: string | null };

export interface Authenticator {
  /** For AUTHENTICATE; null when nobody has to say who they are. */
  readonly className: string | null;
  /**
   * One step of the exchange: the role that has logged in.
   * @param certificate  what the client's certificate says; null without a certificate, `identity` null for one without a SPIFFE id
   * @throws FerrosaError BAD_CREDENTIALS, OVERLOADED
   */
  authenticate(token: Uint8Array, address: string, certificate?: ClientCertificate | null): Promise<string>;
}

export const allowAllAuthenticator: Authenticator = {
  className: null,
  authenticate: async () => 'anonymous',
};

export const badCredentials = (message: string) => new FerrosaError('BAD_CREDENTIALS', message);
const incorrect = (user: string) => badCredentials(`Provided username ${user} and/or password are incorrect`);

/**
 * user and password out of a SASL PLAIN token: authzId NUL authnId NUL password.
 * @throws FerrosaError BAD_CREDENTIALS
 */
export function decodePlainToken(token: Uint8Array): { user: string; password: string } {
  const parts = splitAtNul(token);
  if (parts.length > 3)
    throw badCredentials('Credential format error: username or password is empty or contains NUL(\\0) character');
  const password = parts.length > 1 ? parts.at(-1)! : '';
  const user = parts.length > 2 ? parts.at(-2)! : '';
  if (password === '') throw badCredentials('Password must not be null');
  if (user === '') throw badCredentials('Authentication ID must not be null');
  return { user, password };
}

function splitAtNul(bytes: Uint8Array): string[] {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8').split('\0');
}

/** Failed attempts are counted a minute long by address; more than this many make the address wait. */
export const failedLoginsPerMinuteMax = 30;
const windowMs = 60_000;
/** With which names it was tried, once for each time: at most those allowed and those that ran at the same time. */
type Failures = { names: string[]; readonly sinceMs: number };
/** UTF-16 units of a name that are looked at. */
const nameMax = 100;
const addressesMax = 10_000;
/** Password checks that run or wait at a time: each costs tens of milliseconds of CPU. */
const checksMax = 256;

export class PasswordAuthenticator implements Authenticator {
  readonly className = 'org.apache.cassandra.auth.PasswordAuthenticator';
  readonly #findRole: FindRole;
  readonly #nowMs: () => number;
  readonly #failures = new Map<string, Failures>();
  readonly #hashing: PasswordHashing;
  #checks = 0;
  /** Compared with when there is no such role, so that an unknown name takes as long as a wrong password. */
  #decoyHash: Promise<string> | null = null;

  /**
   * @param nowMs  monotonic milliseconds
   * @param hashing  of most passwords
   */
  constructor(findRole: FindRole, nowMs: () => number, hashing: PasswordHashing = 'argon2id') {
    this.#findRole = findRole;
    this.#nowMs = nowMs;
    this.#hashing = hashing;
  }

  async authenticate(token: Uint8Array, address: string): Promise<string> {
    const { user, password } = decodePlainToken(token);
    if (this.#failuresOf(address) >= failedLoginsPerMinuteMax)
      throw badCredentials(`Too many failed logins from ${address}; try again in a minute`);
    if (this.#checks >= checksMax) throw new FerrosaError('OVERLOADED', 'Too many logins at a time');
    this.#checks++;
    try {
      await this.#check(user, password);
    } catch (error) {
      if (error instanceof FerrosaError && error.code === 'BAD_CREDENTIALS') this.#countFailure(address, user);
      throw error;
    } finally {
      this.#checks--;
    }
    this.#forgive(address, user);
    return user;
  }

  async #check(user: string, password: string): Promise<void> {
    let role: RoleCredentials | null;
    try {
      role = await this.#findRole(user);
    } catch (error) {
      throw badCredentials(`Unable to perform authentication: ${(error as Error).message}`);
    }
    this.#decoyHash ??= hashPassword('decoy', this.#hashing);
    const matches = await verifyPassword(password, role?.saltedHash ?? (await this.#decoyHash));
    if (role === null || role.saltedHash === null || !matches) throw incorrect(user);
    if (!role.canLogin) throw badCredentials(`${user} is not permitted to log in`);
  }

  #failuresOf(address: string): number {
    const failures = this.#failures.get(address);
    if (failures === undefined) return 0;
    if (this.#nowMs() - failures.sinceMs < windowMs) return failures.names.length;
    this.#failures.delete(address);
    return 0;
  }

  #countFailure(address: string, user: string): void {
    this.#failuresOf(address); // Forgets those of an earlier minute.
    const failures = this.#failures.get(address);
    if (failures !== undefined) {
      failures.names.push(user.slice(0, nameMax));
      return;
    }
    if (this.#failures.size >= addressesMax) this.#failures.delete(this.#failures.keys().next().value!);
    this.#failures.set(address, { names: [user.slice(0, nameMax)], sinceMs: this.#nowMs() });
  }

  /** Who has logged in has tried to log in as himself; what was tried with other names still counts. */
  #forgive(address: string, user: string): void {
    const failures = this.#failures.get(address);
    if (failures !== undefined) failures.names = failures.names.filter((name) => name !== user.slice(0, nameMax));
  }
}
