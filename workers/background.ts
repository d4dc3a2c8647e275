// A thread of the background pool.
import { runJob } from '../src/shard/jobs.js';

export default runJob;
