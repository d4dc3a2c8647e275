// Names of MBeans: what Cassandra 5.0.9 took, how it wrote them, and what it said of others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalMBeanName, isMBeanDomain } from '../../../src/auth/statements/mbean-name.js';

test('a name has its properties in order and the wildcard at its end', () => {
  for (const [given, name] of [
    ['java.lang:type=Memory', 'java.lang:type=Memory'],
    ['java.lang:*,type=Memory', 'java.lang:type=Memory,*'],
    ['java.lang:type=,*', 'java.lang:type=,*'],
    ['java.lang:type="a,b"', 'java.lang:type="a,b"'],
    ['*:type=Memory', '*:type=Memory'],
    ['d:type=Table,keyspace=system,scope=local,name=R', 'd:keyspace=system,name=R,scope=local,type=Table'],
  ] as const)
    assert.equal(canonicalMBeanName(given), name);
});

test('what is no name is a syntax error', () => {
  for (const text of [
    'not a name',
    '*',
    'java.lang',
    'java.lang:',
    'java.lang:a',
    'java.lang:=b',
    'java.lang:type=a,type=b',
    'java.lang:type=a:b',
    'java.lang:type=a,',
    'java.lang:*,*',
  ])
    assert.throws(() => canonicalMBeanName(text), {
      code: 'SYNTAX_ERROR',
      message: `${text} is not a valid JMX object name`,
    });
  assert.throws(() => canonicalMBeanName(''), { message: 'Empty JMX object name supplied' });
  assert.throws(() => canonicalMBeanName('*:*'), { message: 'Please use ALL MBEANS instead of wildcard pattern' });
});

test('MBeans are there in the domains of Cassandra and its runtime, and patterns find them', () => {
  for (const name of ['java.lang:type=Memory', 'org.apache.*:*', '*.cassandra.d?:*', '*:type=Memory', 'java.l*n?:*'])
    assert.ok(isMBeanDomain(name), name);
  for (const name of ['nosuch.domain:type=Nope', ':type=', 'org.apache.cassandra:*', 'java.lan?g:*', 'x*:*'])
    assert.ok(!isMBeanDomain(name), name);
});
