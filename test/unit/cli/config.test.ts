import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigProblem, loadConfig } from '../../../src/cli/config.js';
import { defaultText, type SettingName, settings } from '../../../src/cli/settings.js';
import {
  bindText,
  durationText,
  parseBind,
  parseBytes,
  parseBytesPerSecond,
  parseDurationMs,
} from '../../../src/cli/units.js';
import { sizeText } from '../../../src/common/units.js';

const folder = mkdtempSync(join(tmpdir(), 'ferrosa-config-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'ferrosa.toml');

function problemsOf(args: string[], env: Record<string, string> = {}): readonly string[] {
  try {
    loadConfig(args, env);
  } catch (error) {
    assert.ok(error instanceof ConfigProblem);
    return error.problems;
  }
  return [];
}

test('without anything given the defaults are those of Cassandra, on loopback', () => {
  const { config } = loadConfig([], {});
  assert.equal(config.commitlog_sync, 'periodic');
  assert.equal(config.commitlog_sync_period, 10_000);
  assert.equal(config.commitlog_segment_size, 32 * 2 ** 20);
  assert.equal(config.compaction_throughput, 64 * 2 ** 20);
  assert.deepEqual(config.cql_bind, { host: '127.0.0.1', port: 9042 });
});

test('a flag wins over a variable, that over the file, that over the default', () => {
  writeFileSync(file, 'commitlog_sync = "batch"\nshards = 3\nrack = "file"\n');
  const env = { FERROSA_CONFIG: file, FERROSA_SHARDS: '5', FERROSA_RACK: 'env' };
  const { config, origins } = loadConfig(['--rack', 'flag'], env);
  assert.equal(config.commitlog_sync, 'batch');
  assert.equal(config.shards, 5);
  assert.equal(config.rack, 'flag');
  assert.equal(origins.get('rack'), '--rack');
  assert.equal(origins.get('shards'), 'FERROSA_SHARDS');
  assert.equal(origins.get('commitlog_sync'), file);
});

test('flags take their value after a space or an equals sign, booleans also none', () => {
  const { config } = loadConfig(['--commitlog-sync=batch', '--pin-shards', '--commitlog-sync-period', '5s'], {});
  assert.equal(config.commitlog_sync, 'batch');
  assert.equal(config.pin_shards, true);
  assert.equal(config.commitlog_sync_period, 5_000);
});

test('unknown keys are errors that name the key that was probably meant', () => {
  assert.deepEqual(problemsOf(['--comitlog-sync', 'batch']), [
    '--comitlog-sync is not a setting; did you mean --commitlog-sync?',
  ]);
  assert.deepEqual(problemsOf([], { FERROSA_SHARD: '2' }), [
    'FERROSA_SHARD is not a setting; did you mean FERROSA_SHARDS?',
  ]);
  writeFileSync(file, 'commitlog_segment_size_in_mb = 32\n');
  assert.deepEqual(problemsOf([], { FERROSA_CONFIG: file }), [
    `${file}: commitlog_segment_size_in_mb is not a setting; did you mean commitlog_segment_size?`,
  ]);
  assert.deepEqual(problemsOf(['--xyzzy', '1']), ['--xyzzy is not a setting; `ferrosa help` lists them']);
});

test('a key inside a table of the file is shown and suggested as it is written there', () => {
  writeFileSync(file, '[client_encryption_options]\ncertficate = "a.pem"\n[audit]\nx = 1\n');
  assert.deepEqual(problemsOf([], { FERROSA_CONFIG: file }), [
    `${file}: certficate in [client_encryption_options] is not a setting; did you mean certificate?`,
    `${file}: x in [audit] is not a setting; \`ferrosa help\` lists them`,
  ]);
});

test('an empty data folder is none, and an address for clients is one of this machine', () => {
  for (const [argument, problem] of [
    ['--data-dir=', /data-dir.*"" is not a folder/],
    ['--broadcast-rpc-address=0.0.0.0', /"0\.0\.0\.0" is no address of one machine/],
    ['--broadcast-rpc-address=node1', /"node1" is no address of one machine/],
  ] as const)
    assert.throws(
      () => loadConfig([argument], {}),
      (error: ConfigProblem) => problem.test(error.problems.join()),
    );
  assert.equal(loadConfig(['--broadcast-rpc-address', '192.0.2.1'], {}).config.broadcast_rpc_address, '192.0.2.1');
});

test('every problem is reported at once, with where it stands', () => {
  assert.deepEqual(
    problemsOf(['--commitlog-sync-period', '10', '--shards', '0', 'extra'], { FERROSA_COMMITLOG_SYNC: 'never' }),
    [
      'unexpected argument "extra"',
      'FERROSA_COMMITLOG_SYNC: "never" is not one of periodic, batch, group',
      '--commitlog-sync-period: "10" has no unit: write it like "10s" (units: ns, us, ms, s, m, h, d)',
      '--shards: "0" is not a whole number from 1 to 256',
    ],
  );
});

test('a configuration file that was named and is not there is an error', () => {
  assert.match(
    problemsOf(['--config', join(folder, 'none.toml')])[0]!,
    /cannot read the configuration file .*none\.toml/,
  );
});

test('a broken configuration file is an error that names the line', () => {
  writeFileSync(file, 'shards = 2\nrack = [\n');
  assert.match(problemsOf([], { FERROSA_CONFIG: file })[0]!, /ferrosa\.toml/);
});

test('the largest mutation follows the segment size unless it is given, and must fit twice', () => {
  assert.equal(loadConfig(['--commitlog-segment-size', '8MiB'], {}).config.max_mutation_size, 4 * 2 ** 20);
  assert.deepEqual(problemsOf(['--commitlog-segment-size', '8MiB', '--max-mutation-size', '5MiB']), [
    'max_mutation_size must be at most half of commitlog_segment_size',
  ]);
});

test('thresholds of guardrails are no 0, and stand in their order', () => {
  assert.deepEqual(problemsOf(['--partition-tombstones-warn-threshold', '0']), [
    'Invalid value for partition_tombstones_warn_threshold: 0 is not allowed; if attempting to disable use -1',
  ]);
  assert.deepEqual(problemsOf(['--tables-warn-threshold', '20', '--tables-fail-threshold', '10']), [
    'The warn threshold 20 for tables_warn_threshold should be lower than the fail threshold 10',
  ]);
});

test('values with units', () => {
  assert.equal(parseDurationMs('10s'), 10_000);
  assert.equal(parseDurationMs('250 ms'), 250);
  assert.equal(parseDurationMs('2h'), 7_200_000);
  assert.equal(parseBytes('32MiB'), 33_554_432);
  assert.equal(parseBytesPerSecond('64MiB/s'), 67_108_864);
  assert.deepEqual(parseBind('[::1]:19042'), { host: '::1', port: 19042 });
  for (const bad of ['', '10', '-1s', '10 MB', 's']) assert.throws(() => parseDurationMs(bad), Error, bad);
  for (const bad of ['32', '32MB', '1.5GiB']) assert.throws(() => parseBytes(bad), Error, bad);
  for (const bad of ['localhost', ':9042', 'a:70000']) assert.throws(() => parseBind(bad), Error, bad);
});

test('the default of every setting is printed as the setting takes it', () => {
  for (const name of Object.keys(settings) as SettingName[])
    assert.deepEqual(settings[name].parse(defaultText(name)), settings[name].fallback(), name);
  assert.equal(defaultText('commitlog_sync_period'), '10s');
  assert.equal(defaultText('compaction_throughput'), '64MiB/s');
  assert.equal(defaultText('audit_logging_options_max_log_size'), '16GiB');
});

test('values are printed in the largest unit that has them whole, and read back', () => {
  assert.deepEqual([0, 1, 1_500, 90_000, 86_400_000].map(durationText), ['0ms', '1ms', '1500ms', '90s', '1d']);
  assert.deepEqual([0, 1000, 1024, 1536 * 1024].map(sizeText), ['0B', '1000B', '1KiB', '1536KiB']);
  for (const text of ['[::1]:9042', 'localhost:0']) assert.equal(bindText(parseBind(text)), text);
});

test('who ferrosa-ctl logs in as may stand in the environment of a node', () => {
  assert.deepEqual(problemsOf([], { FERROSA_CTL_USERNAME: 'ann', FERROSA_CTL_PASSWORD: 'x' }), []);
});
