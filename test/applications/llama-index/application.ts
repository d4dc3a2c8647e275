// LlamaIndex (Python, cassio): the example of its documentation for Cassandra, on embeddings that need no network.
import type { Application } from '../application.js';
import { pytest } from '../pytest.js';

export const llamaIndex: Application = {
  name: 'llama-index',
  needs: ['python3'],
  short: true,
  run: pytest,
};
