// Runs the recorded scenario on a Ferrosa and prints what differs: node dist/test/access/replay.js [HOST:PORT]
import { readFileSync } from 'node:fs';
import { difference, show } from '../diff/outcome.js';
import { Ferrosa } from '../support/ferrosa.js';
import { accessSettings, goldenPath, type Recorded, Stage } from './scenario.js';

const recorded = JSON.parse(readFileSync(goldenPath, 'utf8')) as Recorded[];
const node = await Ferrosa.start({ ...accessSettings, hot_path: process.argv[2] ?? 'true' });
const stage = new Stage('127.0.0.1', node.port, true);
let failed = 0;
for (const { outcome, ...step } of recorded) {
  const ours = await stage.run(step);
  const what = difference(
    { number: step.number, cql: step.cql, mode: 'exact', pageSize: 0, binds: null },
    ours,
    outcome,
  );
  if (what === null) continue;
  failed++;
  console.log(
    `${step.number} ${what}: ${step.role}> ${step.cql}\n  Ferrosa:   ${show(ours)}\n  Cassandra: ${show(outcome)}`,
  );
}
console.log(`${recorded.length - failed} passed, ${failed} failed`);
await stage.close();
await node.remove();
