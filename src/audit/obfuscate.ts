// Passwords do not reach a log. Source: Cassandra's PasswordObfuscator and AuditLogManager.
import type { FerrosaError } from '../common/errors.js';
import { withoutPassword } from '../cql/index.js';
import type { Plan } from '../query/index.js';

const stars = '*******';
const literal = /(\bPASSWORD\s*=?\s*)('(?:[^']|'')*'|\$\$[\s\S]*?\$\$)/gi;

/** `text` up to the first "password" when there is one: for what cannot be parsed. */
function cutAtPassword(text: string): string {
  const at = text.toLowerCase().indexOf('password');
  return at < 0 ? text : `${text.slice(0, at + 'password'.length)} ${stars}`;
}

/**
 * A statement as logs may have it.
 * @param plan  null for one that could not be planned: it is cut at the word PASSWORD, wherever that stands
 */
export function hidePasswords(text: string, plan: Plan | null): string {
  if (plan === null) return cutAtPassword(text);
  if (plan.kind !== 'auth') return text;
  const options = plan.statement.details['options'] as Readonly<Record<string, unknown>> | undefined;
  if (options?.['password'] === undefined && options?.['hashed password'] === undefined) return text;
  let replaced = 0;
  const hidden = text.replaceAll(literal, (_, before: string) => {
    replaced++;
    return `${before}'${stars}'`;
  });
  // A comment may stand between the word and its literal, or have both in it.
  return replaced === 1 && !/--|\/\/|\/\*/.test(text) ? hidden : withoutPassword(text);
}

/** The message of an error, which may quote the statement. */
export function hideInMessage(error: FerrosaError, text: string | null): string {
  if (error.code === 'SYNTAX_ERROR' && text !== null && /password/i.test(text))
    return 'Syntax Exception. Obscured for security reasons.';
  return cutAtPassword(error.message);
}
