import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goResults, judge, junitResults } from '../../applications/results.js';

test('the outcomes of a JUnit report are read whatever the output of the tests holds', () => {
  const xml = `<?xml version="1.0"?><testsuites><testsuite tests="5">
    <testcase classname="a.B" name="one &amp; two" time="0.1" />
    <testcase classname="a.B" name="bad"><failure message="x &lt; y">text</failure></testcase>
    <testcase name="worse"><error>no</error></testcase>
    <testcase classname="a.B" name="left"><skipped type="pytest.skip"/></testcase>
    <testcase classname="a.B" name="loud"><system-out><![CDATA[<testcase name="no"><failure>]]></system-out></testcase>
  </testsuite></testsuites>`;
  assert.deepEqual(junitResults(xml), [
    { id: 'a.B one & two', outcome: 'passed' },
    { id: 'a.B bad', outcome: 'failed' },
    { id: 'worse', outcome: 'failed' },
    { id: 'a.B left', outcome: 'skipped' },
    { id: 'a.B loud', outcome: 'passed' },
  ]);
});

const goLine = (action: string, test?: string) => JSON.stringify({ Action: action, Package: 'p', Test: test });

test('go test tells of each test, and of a package only when none of its tests says why it failed', () => {
  const passed = [
    '# some output',
    goLine('run', 'TestA'),
    goLine('pass', 'TestA'),
    goLine('skip', 'TestB'),
    goLine('pass'),
  ];
  assert.deepEqual(goResults(passed.join('\n')), [
    { id: 'TestA', outcome: 'passed' },
    { id: 'TestB', outcome: 'skipped' },
  ]);
  assert.deepEqual(goResults([goLine('fail', 'TestA/x'), goLine('fail')].join('\n')), [
    { id: 'TestA/x', outcome: 'failed' },
  ]);
  assert.deepEqual(goResults(goLine('fail')), [{ id: 'package p', outcome: 'failed' }]);
});

test('an application passes when all fails that fails on Cassandra or is meant to, nothing else does, and something passed', () => {
  const results = [
    { id: 'a', outcome: 'passed' },
    { id: 'b', outcome: 'failed' },
    { id: 'c', outcome: 'skipped' },
  ] as const;
  assert.deepEqual(judge(results, ['b']), { passed: 1, skipped: 1, alike: 1, meant: 0, wrong: [] });
  assert.deepEqual(judge(results, [], ['b']), { passed: 1, skipped: 1, alike: 0, meant: 1, wrong: [] });
  assert.deepEqual(judge(results, []).wrong, ['failed: b']);
  assert.deepEqual(judge(results, ['b', 'a']).wrong, ['should fail as on Cassandra, and did not: a']);
  assert.deepEqual(judge(results, ['b'], ['c']).wrong, ['should fail by a difference that is meant, and did not: c']);
  assert.deepEqual(judge([], []).wrong, ['no test passed']);
  assert.deepEqual(judge(results.slice(1), ['b']).wrong, ['no test passed']);
});
