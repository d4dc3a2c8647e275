// A thread that runs user-defined functions.
import { parentPort, workerData } from 'node:worker_threads';
// Not through the folder's face: a thread of functions loads only what it runs.
import type { UdfReply, UdfRequest, UdfWorkerData } from '../src/udf/messages.js';
import { serveFunctions } from '../src/udf/worker/serve.js';

const port = parentPort!;
const handle = serveFunctions(
  workerData as UdfWorkerData,
  (reply: UdfReply) => port.postMessage(reply),
  (error) => {
    throw error;
  },
);
port.on('message', (request: UdfRequest) => handle(request));
