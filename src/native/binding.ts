// The addon: loaded once a thread, typed here. Each native class has its types in a file of this folder beside this one.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

// dist/src/native/binding.js -> build/Release
export const addon: Record<string, unknown> = require('../../../build/Release/ferrosa.node');
