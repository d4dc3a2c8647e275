// Apache Pekko Persistence (Scala and Java, the Java driver): Pekko's compatibility kits for journals and snapshot stores.
import type { Application } from '../application.js';
import { surefire } from '../maven.js';

export const pekkoPersistence: Application = {
  name: 'pekko-persistence',
  needs: ['mvn', 'java'],
  short: true,
  run: surefire,
};
