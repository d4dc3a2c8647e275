export {
  GuardrailConfig,
  type GuardrailSetting,
  type GuardrailValue,
  guardrailDefault,
  guardrailSettings,
  maxDiskSize,
} from './config.js';
export { thresholds } from './definitions.js';
export { type Denied, Denylist, denyOf } from './denylist.js';
export { Guard } from './guard.js';
