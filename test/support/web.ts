// A web server on a free port over a fake node.
import { FerrosaError } from '../../src/common/errors.js';
import { WebServer, type WebServices } from '../../src/http/index.js';
import { defaultServerLimits, ServerBudget, ServerMetrics } from '../../src/server/index.js';
import { FakeControl } from './fake-control.js';

export type TestWeb = {
  readonly port: number;
  readonly control: FakeControl;
  readonly server: ServerMetrics;
  stop(): Promise<void>;
};

type Passwords = Readonly<Record<string, string>>;

/** Lets in who is among the superusers. */
export const loginOf =
  (superusers: Passwords, others: Passwords) =>
  async (user: string, password: string): Promise<void> => {
    if ({ ...superusers, ...others }[user] !== password)
      throw new FerrosaError('BAD_CREDENTIALS', `Provided username ${user} and/or password are incorrect`);
    if (superusers[user] === undefined) throw new FerrosaError('UNAUTHORIZED', `${user} is no superuser`);
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
