// The raft thread's side: takes requests one after the other.
import { FerrosaError } from '../common/errors.js';
import type { Restored } from './consensus.js';
import { MetadataLog } from './log.js';
import type { RaftReply, RaftRequest } from './messages.js';
import { SingleVoter } from './single-voter.js';

/** Answers requests through `send`. Returns what to call for each. */
export function serveRaft(folder: string, send: (reply: RaftReply) => void): (request: RaftRequest) => void {
  const voter = new SingleVoter(new MetadataLog(folder));
  const run = (request: RaftRequest): Restored | number | null => {
    switch (request.kind) {
      case 'open':
        return voter.open();
      case 'propose': {
        const entry = voter.propose(request.command);
        send({ kind: 'committed', entries: [entry], logBytes: voter.logBytes });
        return entry.index;
      }
      case 'snapshot':
        voter.snapshot(request.state, request.index);
        return null;
      case 'stop':
        voter.close();
        return null;
    }
  };
  return (request) => {
    const { requestId } = request;
    try {
      const value = run(request);
      send({ kind: 'done', requestId, value, logBytes: voter.logBytes });
    } catch (error) {
      const code = error instanceof FerrosaError ? error.code : 'SERVER_ERROR';
      send({ kind: 'failed', requestId, code, message: (error as Error).message });
    }
  };
}
