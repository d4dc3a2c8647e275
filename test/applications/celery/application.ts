// Celery (Python): the job queue of its first steps, with the results in Cassandra.
import type { Application } from '../application.js';
import { pytest } from '../pytest.js';

export const celery: Application = {
  name: 'celery',
  needs: ['python3'],
  short: true,
  run: pytest,
};
