// TLS of a node's CQL ports: certificates, and when they are read again.
import { TlsCertificates, type TlsSettings } from '../../server/index.js';
import { StartProblem } from '../data-folder.js';
import type { Log } from '../log.js';
import type { Config } from '../settings.js';

function settingsOf(config: Config): TlsSettings {
  const trusted = config.client_encryption_options_trusted_certificates;
  return {
    certificateFile: config.client_encryption_options_certificate,
    privateKeyFile: config.client_encryption_options_private_key,
    trustedCertificatesFile: trusted === '' ? null : trusted,
    requireClientAuth: config.client_encryption_options_require_client_auth,
    requestClientAuth: config.authenticator.startsWith('MutualTls'),
    acceptedProtocols: config.client_encryption_options_accepted_protocols,
    cipherSuites: config.client_encryption_options_cipher_suites.split(':').filter((name) => name !== ''),
    optional: config.client_encryption_options_optional,
  };
}

/**
 * Null when TLS is off. The files are read again from time to time and at SIGHUP.
 * @throws StartProblem when there is something wrong with them
 */
export async function createTls(config: Config, log: Log): Promise<TlsCertificates | null> {
  if (!config.client_encryption_options_enabled) return null;
  let certificates: TlsCertificates;
  try {
    certificates = await TlsCertificates.load(settingsOf(config));
  } catch (error) {
    throw new StartProblem(`TLS on the CQL port: ${(error as Error).message}`);
  }
  const reload = async (): Promise<void> => {
    try {
      if (await certificates.reload()) log.info('certificates of the CQL port have changed and are in use');
    } catch (error) {
      log.error(`certificates of the CQL port stay as they were: ${(error as Error).message}`);
    }
  };
  process.on('SIGHUP', () => void reload());
  const intervalMs = config.client_encryption_options_reload_interval;
  if (intervalMs > 0) setInterval(() => void reload(), intervalMs).unref();
  return certificates;
}
