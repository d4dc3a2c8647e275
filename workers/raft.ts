// The raft thread: consensus and its own log, and nothing else.
import assert from 'node:assert';
import { parentPort, workerData } from 'node:worker_threads';
import { type RaftReply, type RaftRequest, type RaftWorkerData, serveRaft } from '../src/raft/index.js';

const port = parentPort;
assert(port !== null);
const handle = serveRaft((workerData as RaftWorkerData).folder, (reply: RaftReply) => port.postMessage(reply));
port.on('message', (request: RaftRequest) => handle(request));
