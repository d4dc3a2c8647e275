// Ranges of addresses: what is one, and which groups an address is in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CidrIndex, parseCidr } from '../../../src/auth/origin/cidr.js';
import { cidrText } from '../../../src/auth/origin/cidr-groups.js';
import { parseInet } from '../../../src/types/index.js';

const index = (groups: Record<string, string[]>) =>
  new CidrIndex(new Map(Object.entries(groups).map(([name, cidrs]) => [name, cidrs.map(parseCidr)])));

test('a range is its first address and a number of bits', () => {
  assert.equal(cidrText(parseCidr('1.2.3.4/8')), '1.0.0.0/8');
  assert.equal(cidrText(parseCidr('1.2.3.4/32')), '1.2.3.4/32');
  assert.equal(cidrText(parseCidr('255.255.255.255/0')), '0.0.0.0/0');
  assert.equal(cidrText(parseCidr('2001:db8:ffff::/33')), '2001:db8:8000:0:0:0:0:0/33');
  for (const bad of ['', '1.2.3.4', '1.2.3.4/33', '1.2.3.4/-1', 'a/8', '1.2.3.4/8/8', '2001:db8::/129'])
    assert.throws(() => parseCidr(bad), { code: 'INVALID', message: `${bad} is not a valid CIDR String` });
});

test('an address is in the groups of the longest range around it', () => {
  const groups = index({
    all: ['0.0.0.0/0'],
    ten: ['10.0.0.0/8'],
    office: ['10.1.0.0/16', '192.168.1.0/24'],
    lab: ['10.1.0.0/16'],
    six: ['2001:db8::/32'],
  });
  const of = (address: string) => groups.lookup(parseInet(address)!);
  assert.deepEqual(of('10.1.2.3'), ['lab', 'office']);
  assert.deepEqual(of('10.2.0.1'), ['ten']);
  assert.deepEqual(of('192.168.1.255'), ['office']);
  assert.deepEqual(of('192.168.2.0'), ['all']);
  assert.deepEqual(of('2001:db8:1::1'), ['six']);
  assert.deepEqual(of('2001:db9::1'), []);
});

test('lookups find what a walk over all ranges finds', () => {
  const octet = fc.integer({ min: 0, max: 3 });
  const address = fc.tuple(octet, octet, octet, octet).map((parts) => parts.map((one) => one * 64).join('.'));
  const range = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([first, bits]) => `${first}/${bits}`);
  const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), address, (ranges, one) => {
      const found = index(Object.fromEntries(ranges.map((cidr, i) => [`g${i}`, [cidr]]))).lookup(parseInet(one)!);
      const around = ranges.flatMap((cidr, i) => {
        const [first, bits] = cidr.split('/') as [string, string];
        const size = 2 ** (32 - Number(bits));
        return Math.floor(number(first) / size) === Math.floor(number(one) / size) ? [{ i, bits: Number(bits) }] : [];
      });
      const longest = Math.max(...around.map(({ bits }) => bits));
      const expected = around.filter(({ bits }) => bits === longest).map(({ i }) => `g${i}`);
      assert.deepEqual(found, expected.sort());
    }),
  );
});
