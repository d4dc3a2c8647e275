// Names of MBeans, as javax.management.ObjectName takes and writes them. There is no JMX here: permissions on MBeans are kept and listed for who
// moves between the two, and a name is one when a plain Cassandra 5.0 has MBeans in its domain.
import { syntaxError } from '../../common/errors.js';

const cassandra = ['auth', 'db', 'diag', 'hints', 'internal', 'metrics', 'net', 'request', 'service'];
const domains = [
  'JMImplementation',
  'com.sun.management',
  'java.lang',
  'java.nio',
  'java.util.logging',
  'jdk.management.jfr',
  ...cassandra.map((name) => `org.apache.cassandra.${name}`),
];

const property = /^([^,=:"*?]+)=([^,=:"]*|"(?:[^"\\]|\\.)*")$/;

/** The name with its properties in order. @throws FerrosaError SYNTAX_ERROR with Cassandra's texts */
export function canonicalMBeanName(text: string): string {
  if (text === '') throw syntaxError('Empty JMX object name supplied');
  const wrong = () => syntaxError(`${text} is not a valid JMX object name`);
  const colon = text.indexOf(':');
  if (colon < 0 || text.includes('\n')) throw wrong();
  const properties = splitProperties(text.slice(colon + 1));
  const given = properties.filter((one) => one !== '*');
  const keys = given.map((one) => property.exec(one)?.[1]);
  if (properties.length - given.length > 1 || keys.includes(undefined) || new Set(keys).size < keys.length)
    throw wrong();
  if (text === '*:*') throw syntaxError('Please use ALL MBEANS instead of wildcard pattern');
  const sorted = given.sort((a, b) => (a.slice(0, a.indexOf('=')) < b.slice(0, b.indexOf('=')) ? -1 : 1));
  if (properties.length > given.length) sorted.push('*');
  return `${text.slice(0, colon)}:${sorted.join(',')}`;
}

/** At the commas outside of quotes. */
function splitProperties(list: string): string[] {
  return list.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+|(?<=,|^)(?=,|$)/g) ?? [''];
}

/** @param name  canonical; its domain may be a pattern */
export function isMBeanDomain(name: string): boolean {
  const pattern = name.slice(0, name.indexOf(':'));
  return domains.some((domain) => matches(pattern, domain));
}

/** `*` for any characters, `?` for one. In steps that patterns cannot multiply. */
function matches(pattern: string, text: string): boolean {
  let [at, star, after] = [0, -1, 0];
  for (let i = 0; i < text.length; ) {
    if (pattern[at] === '*') [star, after] = [at++, i];
    else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++after;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
