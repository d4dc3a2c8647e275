// A frame error on its way between threads.
import { type ErrorCode, FerrosaError } from '../../common/errors.js';
import type { FrameError } from '../../protocol/index.js';

export type BadFrame = Omit<FrameError, 'kind' | 'error'> & { readonly code: ErrorCode; readonly message: string };

export function badFrameOf({ error, stream, version, close }: FrameError): BadFrame {
  return { stream, version, close, code: error.code, message: error.message };
}

export function frameErrorOf({ code, message, stream, version, close }: BadFrame): FrameError {
  return { kind: 'error', error: new FerrosaError(code, message), stream, version, close };
}
