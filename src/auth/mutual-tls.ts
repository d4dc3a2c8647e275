// Who a client is by its certificate. Source: Cassandra's MutualTlsAuthenticator, with its SpiffeCertificateValidator.
import { type Authenticator, badCredentials, type ClientCertificate } from './authenticator.js';
import type { RoleStore } from './roles.js';

/** Clients are the roles that ADD IDENTITY bound their SPIFFE ids to. */
export class MutualTlsAuthenticator implements Authenticator {
  readonly className: string = 'org.apache.cassandra.auth.MutualTlsAuthenticator';

  /** @param roles  where identities are looked up */
  constructor(private readonly roles: Pick<RoleStore, 'roleOfIdentity' | 'find'>) {}

  async authenticate(_token: Uint8Array, _address: string, certificate?: ClientCertificate | null): Promise<string> {
    if (certificate === undefined || certificate === null) throw badCredentials('Invalid or not supported certificate');
    const { identity } = certificate;
    if (identity === null)
      throw badCredentials('Unable to extract client identity from certificate for authentication');
    const role = await this.roles.roleOfIdentity(identity);
    if (role === null) throw badCredentials(`Certificate identity '${identity}' not authorized`);
    if ((await this.roles.find(role))?.canLogin !== true) throw badCredentials(`${role} is not permitted to log in`);
    return role;
  }
}

/** Clients without a certificate log in with a password. */
export class MutualTlsWithPasswordFallback implements Authenticator {
  readonly className = 'org.apache.cassandra.auth.MutualTlsWithPasswordFallbackAuthenticator';

  constructor(
    private readonly byCertificate: Authenticator,
    private readonly byPassword: Authenticator,
  ) {}

  authenticate(token: Uint8Array, address: string, certificate?: ClientCertificate | null): Promise<string> {
    const { byCertificate, byPassword } = this;
    return certificate
      ? byCertificate.authenticate(token, address, certificate)
      : byPassword.authenticate(token, address);
  }
}
