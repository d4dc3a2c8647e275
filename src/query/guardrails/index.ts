export {
  GuardrailConfig,
  type GuardrailSetting,
  type GuardrailValue,
  guardrailDefault,
  guardrailSettings,
  maxDiskSize,
} from './config.js';
export { thresholds } from './definitions.js';
export { Guard } from './guard.js';
