// The thread of one shard.
import { parentPort, workerData } from 'node:worker_threads';
import { startServing } from '../src/server/shard-side/sockets.js';
import { serveShard } from '../src/shard/worker.js';

serveShard(parentPort!, workerData, startServing);
