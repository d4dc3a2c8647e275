// Runs the scenario of permissions on a real Cassandra and keeps what it answered: node dist/test/access/record.js HOST:PORT
// Start it with authenticator={class_name: PasswordAuthenticator} authorizer=CassandraAuthorizer roles_validity=0ms
// permissions_validity=0ms credentials_validity=0ms and with nothing in it.
import { writeFileSync } from 'node:fs';
import { goldenPath, type Recorded, readScenario, Stage } from './scenario.js';

const [host, port] = process.argv[2]!.split(':');
const stage = new Stage(host!, Number(port), false);
const recorded: Recorded[] = [];
for (const step of readScenario()) recorded.push({ ...step, outcome: await stage.run(step) });
await stage.close();
writeFileSync(goldenPath, `[\n${recorded.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]\n`);
console.log(`${recorded.length} steps`);
