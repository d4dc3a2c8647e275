// What a connection takes at each stage: Cassandra's ServerConnection.validateNewMessage.
import { type FerrosaError, protocolError } from '../common/errors.js';
import { opcodeName } from '../protocol/index.js';

export type ConnectionStage = 'ESTABLISHED' | 'AUTHENTICATING' | 'READY';

/** @throws FerrosaError PROTOCOL_ERROR for a message that has no place at this stage */
export function checkStage(stage: ConnectionStage, opcode: number): void {
  const name = opcodeName(opcode) ?? '';
  switch (stage) {
    case 'ESTABLISHED':
      if (name !== 'STARTUP' && name !== 'OPTIONS')
        throw protocolError(`Unexpected message ${name}, expecting STARTUP or OPTIONS`);
      break;
    case 'AUTHENTICATING':
      if (name !== 'AUTH_RESPONSE' && name !== 'OPTIONS')
        throw protocolError(`Unexpected message ${name}, expecting SASL_RESPONSE`);
      break;
    case 'READY':
      if (name === 'STARTUP') throw protocolError('Unexpected message STARTUP, the connection is already initialized');
      if (name === 'AUTH_RESPONSE') throw protocolError('Unexpected message AUTH_RESPONSE, nobody has to log in');
      break;
  }
}

export function wrongVersion(version: number, expected: number): FerrosaError {
  return protocolError(
    `Invalid message version. Got ${version}/v${version} but previous messages on this connection had version ` +
      `${expected}/v${expected}`,
  );
}
