// LangChain (Python, cassio): its suites for vector stores, key-value stores and caches, which its authors publish for whoever writes one.
import type { Application } from '../application.js';
import { pytest } from '../pytest.js';

export const langchain: Application = {
  name: 'langchain',
  needs: ['python3'],
  short: true,
  run: pytest,
};
