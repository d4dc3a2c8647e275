// `npm run test:applications [-- NAME ...] [-- --short]`: applications as their registries have them, unchanged, each against a
// Ferrosa of its own: their own tests, or the example of their documentation. With CQL_TARGET=HOST:PORT against that server.
import { spawnSync } from 'node:child_process';
import { Ferrosa } from '../support/ferrosa.js';
import { type Application, Place, type Server } from './application.js';
import { cassandraGocqlDriver } from './cassandra-gocql-driver/application.js';
import { cassandraStore } from './cassandra-store/application.js';
import { celery } from './celery/application.js';
import { coodie } from './coodie/application.js';
import { djangoShop } from './django/application.js';
import { expressCassandra } from './express-cassandra/application.js';
import { gocql } from './gocql/application.js';
import { golangMigrate } from './golang-migrate/application.js';
import { langchain } from './langchain/application.js';
import { llamaIndex } from './llama-index/application.js';
import { pekkoPersistence } from './pekko-persistence/application.js';
import { judge } from './results.js';
import { scyllaGocql } from './scylla-gocql/application.js';
import { springData } from './spring-data/application.js';
import { temporal } from './temporal/application.js';

const applications: readonly Application[] = [
  coodie,
  djangoShop,
  celery,
  langchain,
  llamaIndex,
  cassandraStore,
  expressCassandra,
  gocql,
  cassandraGocqlDriver,
  scyllaGocql,
  golangMigrate,
  temporal,
  springData,
  pekkoPersistence,
];

/** A busy machine is no fault of the application. */
const patient = { read_request_timeout: '60s', range_request_timeout: '60s', write_request_timeout: '60s' };

const external = process.env['CQL_TARGET'];

/** Runs one application and prints what came of it; true when it passed. */
async function runOne(application: Application): Promise<boolean> {
  const { name, needs } = application;
  const lacking = needs.filter((tool) => spawnSync('which', [tool]).status !== 0);
  if (lacking.length > 0) {
    console.log(`not ok - ${name}: needs ${lacking.join(' and ')}`);
    return false;
  }
  const place = new Place(name);
  const ferrosa = external === undefined ? await Ferrosa.start(patient) : null;
  const [host, port] = (external ?? `127.0.0.1:${ferrosa?.port}`).split(':') as [string, string];
  const server: Server = { host, port: Number(port) };
  const startedMs = performance.now();
  try {
    const meant = external === undefined ? place.meantDifferences : [];
    const verdict = judge(await application.run(place, server), place.failsOnCassandra, meant);
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    const counts = [
      `${verdict.passed} passed`,
      ...(verdict.skipped > 0 ? [`${verdict.skipped} skipped`] : []),
      ...(verdict.alike > 0 ? [`${verdict.alike} failed as on Cassandra`] : []),
      ...(verdict.meant > 0 ? [`${verdict.meant} failed as is meant`] : []),
      `${seconds} s`,
    ];
    if (verdict.wrong.length === 0) {
      console.log(`ok - ${name}: ${counts.join(', ')}`);
      return true;
    }
    console.log(`not ok - ${name}: ${counts.join(', ')}\n  ${verdict.wrong.join('\n  ')}`);
  } catch (error) {
    console.log(`not ok - ${name}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await ferrosa?.remove();
  }
  console.log(place.output.split('\n').slice(-150).join('\n'));
  if (ferrosa !== null) console.log(`its Ferrosa said:\n${ferrosa.output.split('\n').slice(-20).join('\n')}`);
  return false;
}

const args = process.argv.slice(2);
const onlyShort = args.includes('--short');
const names = args.filter((arg) => arg !== '--short');
const unknown = names.filter((name) => !applications.some((application) => application.name === name));
if (unknown.length > 0) {
  throw new Error(
    `no such application: ${unknown.join(', ')}; there are ${applications.map(({ name }) => name).join(', ')}`,
  );
}
const wanted = applications.filter(
  ({ name, short }) => (names.length === 0 || names.includes(name)) && (short || !onlyShort),
);
const failed: string[] = [];
for (const application of wanted) if (!(await runOne(application))) failed.push(application.name);
if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
console.log(`applications: ${wanted.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length > 0 || wanted.length === 0 ? 1 : 0);
