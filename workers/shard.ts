// The thread of one shard.
import { parentPort, workerData } from 'node:worker_threads';
import { serveShard } from '../src/shard/worker.js';

serveShard(parentPort!, workerData);
