export { RoleAccess } from './access.js';
export { AuthCache, type AuthCacheOptions } from './auth-cache.js';
export * from './authenticator.js';
export type { AccessOptions } from './context.js';
export { anonymous } from './denial.js';
export { type HotGroupPort, HotGroups } from './hot-groups.js';
export { MutualTlsAuthenticator, MutualTlsWithPasswordFallback } from './mutual-tls.js';
export { hashPassword, type PasswordHashing, verifyPassword } from './passwords.js';
export { defaultSuperuser, type Role, RoleStore } from './roles.js';
