import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FerrosaError } from '../../../src/common/errors.js';
import { type OpenRequest, OpenRequests } from '../../../src/shard/open-requests.js';

const request = (shard: number, deadline: number, rejected: (error: FerrosaError) => void): OpenRequest => ({
  shard,
  deadline,
  resolve: () => {},
  reject: rejected,
  timedOut: () => new FerrosaError('READ_TIMEOUT', 'late'),
});

test('every number takes its own request out once, whatever was taken, late or rejected before', () => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('add' as const), shard: fc.nat(2), deadline: fc.nat(20) }),
    fc.record({ op: fc.constant('take' as const), which: fc.nat() }),
    fc.record({ op: fc.constant('expire' as const), now: fc.nat(20) }),
    fc.record({ op: fc.constant('end' as const), shard: fc.option(fc.nat(2)) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const open = new OpenRequests(8);
      const numbers: number[] = [];
      const waiting = new Map<number, OpenRequest>();
      const gone = (isMeant: (one: OpenRequest) => boolean): void => {
        for (const [number, one] of waiting) if (isMeant(one)) waiting.delete(number);
      };
      for (const one of steps) {
        let rejected = 0;
        if (one.op === 'add') {
          const added = request(one.shard, one.deadline, () => rejected++);
          if (waiting.size === 8) {
            assert.throws(() => open.add(added), { code: 'OVERLOADED' });
            continue;
          }
          const number = open.add(added);
          assert.ok(!numbers.includes(number), 'a number is not used twice');
          numbers.push(number);
          waiting.set(number, added);
        } else if (one.op === 'take') {
          const number = numbers.length === 0 ? one.which : numbers[one.which % numbers.length]!;
          assert.equal(open.take(number), waiting.get(number));
          waiting.delete(number);
        } else if (one.op === 'expire') {
          const before = waiting.size;
          gone(({ deadline }) => deadline !== 0 && deadline <= one.now);
          assert.equal(open.expire(one.now), before - waiting.size);
        } else {
          gone(({ shard }) => one.shard === null || shard === one.shard);
          open.rejectAll(one.shard, new FerrosaError('SERVER_ERROR', 'ended'));
        }
        assert.equal(open.size, waiting.size);
      }
    }),
  );
});
