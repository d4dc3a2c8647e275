export {
  GuardrailConfig,
  type GuardrailSetting,
  type GuardrailValue,
  guardrailDefault,
  guardrailSettings,
} from './config.js';
