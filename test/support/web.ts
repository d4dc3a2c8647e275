// A web server on a free port over a fake node.
import { WebServer, type WebServices } from '../../src/http/index.js';
import { defaultServerLimits, ServerBudget, ServerMetrics } from '../../src/server/index.js';
import { FakeControl } from './fake-control.js';

export type TestWeb = {
  readonly port: number;
  readonly control: FakeControl;
  readonly server: ServerMetrics;
  stop(): Promise<void>;
};

export async function startTestWeb(authorize: WebServices['authorize'] = null): Promise<TestWeb> {
  const control = new FakeControl();
  const server = new ServerMetrics();
  const web = new WebServer({
    control,
    server,
    budget: new ServerBudget(defaultServerLimits),
    hotPath: null,
    serving: null,
    connections: () => [],
    log: { warn: () => {}, error: () => {} },
    authorize,
  });
  const port = await web.listen({ host: '127.0.0.1', port: 0 });
  return { port, control, server, stop: () => web.stop() };
}
