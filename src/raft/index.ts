export { RaftClient } from './client.js';
export type { Command, Consensus, LogEntry, Restored, Snapshot } from './consensus.js';
export { MetadataLog } from './log.js';
export type { RaftReply, RaftRequest, RaftWorkerData } from './messages.js';
export { chooseTokens, loadHostId, type NodeSettings, registerNode } from './node-identity.js';
export { serveRaft } from './server.js';
export {
  applyCommand,
  initialState,
  type MetadataCommand,
  type MetadataState,
  type NodeRecord,
  type RoleRecord,
  stateFromSnapshot,
  stateToSnapshot,
  topologyOf,
} from './state.js';
export { type ChangeResult, type MetadataEnvironment, MetadataStore } from './store.js';
