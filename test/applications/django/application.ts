// Django Cassandra Engine (Python, Django, cqlengine, ScyllaDB's driver): the guide of its documentation as a small shop.
import type { Application } from '../application.js';
import { pytest } from '../pytest.js';

export const djangoShop: Application = {
  name: 'django',
  needs: ['python3'],
  short: true,
  run: pytest,
};
