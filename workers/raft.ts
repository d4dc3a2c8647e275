// The raft thread: consensus and its own log, and nothing else.
import assert from 'node:assert';
import { parentPort, workerData } from 'node:worker_threads';
// Not through the folder's face: that would load the schema, and this thread has to be there at once.
import type { RaftReply, RaftRequest, RaftWorkerData } from '../src/raft/messages.js';
import { serveRaft } from '../src/raft/server.js';

const port = parentPort;
assert(port !== null);
const handle = serveRaft((workerData as RaftWorkerData).folder, (reply: RaftReply) => port.postMessage(reply));
port.on('message', (request: RaftRequest) => handle(request));
