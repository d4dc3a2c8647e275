// Spring Data for Apache Cassandra (Java, the Java driver): the application of Spring's guide, with more of its reference.
import type { Application } from '../application.js';
import { surefire } from '../maven.js';

export const springData: Application = {
  name: 'spring-data',
  needs: ['mvn', 'java'],
  short: true,
  run: surefire,
};
