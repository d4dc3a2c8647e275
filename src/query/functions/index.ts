export { maskFunction, resolveColumnMask } from './column-mask.js';
export { maskedValue } from './masking.js';
export { nativeFunctions, typedArgument } from './registry.js';
export { maxTimeuuid, minTimeuuid, timeuuidToMillis } from './time-values.js';
