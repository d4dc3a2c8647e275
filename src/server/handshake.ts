// OPTIONS and STARTUP. Source: Cassandra's StartupMessage and OptionsMessage.
import { protocolError } from '../common/errors.js';
import { type CompressionName, supportedVersions } from '../protocol/index.js';

/** The version of CQL that SUPPORTED, system.local and cqlsh's banner show. */
export const cqlVersion = '3.4.7';

export const supportedOptions: ReadonlyMap<string, readonly string[]> = new Map([
  ['PROTOCOL_VERSIONS', supportedVersions],
  ['COMPRESSION', ['snappy', 'lz4']],
  ['CQL_VERSION', [cqlVersion]],
]);

export type StartupChoice = {
  readonly compression: CompressionName | null;
  /** Answer Overloaded instead of not reading on. */
  readonly throwOnOverload: boolean;
  readonly driverName: string | null;
  readonly driverVersion: string | null;
  /** As the client sent them, keys in upper case. */
  readonly options: ReadonlyMap<string, string>;
};

/**
 * Judges STARTUP's options; unknown ones are kept and ignored.
 * @throws FerrosaError PROTOCOL_ERROR
 */
export function readStartup(options: ReadonlyMap<string, string>, version: number): StartupChoice {
  checkCqlVersion(options.get('CQL_VERSION'));
  return {
    compression: chooseCompression(options.get('COMPRESSION'), version),
    throwOnOverload: options.get('THROW_ON_OVERLOAD') === '1',
    driverName: options.get('DRIVER_NAME') ?? null,
    driverVersion: options.get('DRIVER_VERSION') ?? null,
    options,
  };
}

function checkCqlVersion(version: string | undefined): void {
  if (version === undefined) throw protocolError('Missing value CQL_VERSION in STARTUP message');
  const parts = /^(\d+)\.(\d+)(?:\.(\d+))?(?:-[.\w]+)?(?:\+[.\w]+)?$/.exec(version);
  if (parts === null) throw protocolError(`Invalid version value: ${version}`);
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  if (major < 2 || (major === 2 && minor < 99)) {
    const range = '(supported version are >= 3.0.0)';
    throw protocolError(`CQL version ${version} is not supported by the binary protocol ${range}`);
  }
}

function chooseCompression(value: string | undefined, version: number): CompressionName | null {
  const name = value?.toLowerCase();
  // Drivers of some languages say "none" or leave the value empty for no compression.
  if (name === undefined || name === '' || name === 'none') return null;
  if (name === 'snappy' && version >= 5) throw protocolError('Snappy compression is not supported in protocol V5');
  if (name !== 'lz4' && name !== 'snappy') throw protocolError(`Unknown compression algorithm: ${name}`);
  return name;
}
