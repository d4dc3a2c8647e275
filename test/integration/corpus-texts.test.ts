// A statement that comes as text gives the same answer however often its shape has come before: the first are read by JavaScript, later
// ones are the addon's or go on as prepared statements.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { corpusKeyspace, type Line, readCorpus } from '../diff/corpus.js';
import { difference, show } from '../diff/outcome.js';
import { Remote } from '../diff/remote.js';
import { Ferrosa } from '../support/ferrosa.js';

let node: Ferrosa;
let remote: Remote;
before(async () => {
  node = await Ferrosa.start({ shards: '2', materialized_views_enabled: 'true' });
  remote = new Remote('Ferrosa', node.port, false);
});
after(async () => {
  await remote.close();
  await node.remove();
});

const line = (cql: string): Line => ({ number: 0, cql, mode: 'exact', pageSize: 0, binds: null });
/** Reads that may be repeated: what they say is in their texts and in the tables. */
const isRead = ({ cql, mode, binds }: Line): boolean => mode === 'exact' && binds === null && /^SELECT/i.test(cql);

test('the reads of the corpus answer the same three times', async () => {
  let repeated = 0;
  for (const { name, lines } of readCorpus([], corpusKeyspace)) {
    await remote.run(line(`DROP KEYSPACE IF EXISTS ${corpusKeyspace}`));
    await remote.run(
      line(`CREATE KEYSPACE ${corpusKeyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`),
    );
    await remote.run(line(`USE ${corpusKeyspace}`));
    for (const one of lines) {
      const first = await remote.run(one);
      if (!isRead(one)) continue;
      for (let i = 0; i < 2; i++) {
        const again = await remote.run(one);
        const what = difference(one, again, first);
        assert.equal(what, null, `${name}:${one.number} ${one.cql}\n${show(again)}\nat first: ${show(first)}`);
      }
      repeated++;
    }
  }
  assert.ok(repeated > 1_000, `${repeated} reads`);
});
