// Texts of statements as others may see them: traces, the slow query log and lists of what runs keep no passwords.

const blank = String.raw`(?:\s|--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*[^]*?\*/)`;
const setsPassword = new RegExp(String.raw`^${blank}*(?:CREATE|ALTER)${blank}+(?:ROLE|USER)\b[^]*?\bPASSWORD\b`, 'i');

/**
 * The text up to the word PASSWORD when it makes or changes a role, else as it is. Source: Cassandra's PasswordObfuscator, which does so for
 * its audit log.
 */
export function withoutPassword(text: string): string {
  const match = setsPassword.exec(text);
  return match === null ? text : `${match[0]} *******`;
}
