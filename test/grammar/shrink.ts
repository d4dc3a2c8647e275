// Makes a failing episode small: fewer statements, a smaller schema, shorter statements, as long as it differs alike.
import type { Target } from '../diff/outcome.js';
import { type Episode, type Finding, runEpisode, type Step } from './episode.js';
import { type Node, smaller } from './node.js';

/** Runs of a shrinking episode at most. */
const replaysMax = 500;

type Servers = { readonly ferrosa: Target; readonly cassandra: Target };

/** What makes two differences the same, whatever the names and numbers in them. */
export function signature({ what, ours, theirs, cql }: Finding): string {
  const plain = (text: string): string =>
    text
      .replace(/[0-9]+/g, 'N')
      .replace(/'[^']*'/g, 'S')
      .slice(0, 60);
  const side = (outcome: Finding['ours']): string =>
    'code' in outcome ? `${outcome.code} ${plain(outcome.message)}` : outcome.kind;
  const shape = what === 'rows' || what === 'columns' ? plain(cql.split(/\s+/)[0] ?? '') : '';
  return `${what}|${side(ours)}|${side(theirs)}|${shape}`;
}

/** The same tree with every name of the episode replaced, so that no run meets the tables of another. */
function renamed(node: Node, from: string, to: string): Node {
  if (typeof node === 'string') return node.replaceAll(from, to);
  if ('parts' in node) return { parts: node.parts.map((part) => renamed(part, from, to)) };
  return { ...node, items: node.items.map((item) => renamed(item, from, to)) };
}

class Shrinker {
  #replays = 0;
  /** What the last replay found that differed as wanted. */
  last: Finding | null = null;

  constructor(
    private readonly servers: Servers,
    private readonly wanted: string,
    private readonly name: string,
  ) {}

  get exhausted(): boolean {
    return this.#replays >= replaysMax;
  }

  /** The finding at the last step when the steps still differ there as wanted. */
  async replay(steps: readonly Step[]): Promise<Finding | null> {
    if (this.exhausted) return null;
    this.#replays++;
    const name = `${this.name}x${this.#replays}`;
    const episode: Episode = {
      name,
      steps: steps.map((step) => ({ ...step, node: renamed(step.node, this.name, name) })),
    };
    const { findings } = await runEpisode(episode, this.servers.ferrosa, this.servers.cassandra);
    const found = findings.find((one) => one.index === steps.length - 1 && signature(one) === this.wanted) ?? null;
    this.last = found ?? this.last;
    return found;
  }

  /** Leaves out runs of steps, half of them first, then fewer; the last one stays. */
  async dropSteps(steps: readonly Step[]): Promise<readonly Step[]> {
    let best = steps;
    for (let size = Math.ceil((best.length - 1) / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < best.length - 1; ) {
        const fewer = [...best.slice(0, at), ...best.slice(Math.min(at + size, best.length - 1))];
        if ((await this.replay(fewer)) !== null) best = fewer;
        else at += size;
      }
    }
    return best;
  }

  async shrinkSteps(steps: readonly Step[]): Promise<readonly Step[]> {
    let best = steps;
    for (let index = best.length - 1; index >= 0; index--) {
      for (let found = true; found && !this.exhausted; ) {
        found = false;
        for (const node of smaller(best[index]!.node)) {
          const less = best.with(index, { ...best[index]!, node });
          if ((await this.replay(less)) === null) continue;
          best = less;
          found = true;
          break;
        }
      }
    }
    return best;
  }
}

/** The smallest episode found that still shows the difference at its last step, or the finding itself when it does not come again. */
export async function shrink(finding: Finding, servers: Servers): Promise<Finding> {
  const shrinker = new Shrinker(servers, signature(finding), finding.episode.name);
  const until = finding.episode.steps.slice(0, finding.index + 1);
  // Other reads change nothing.
  let steps: readonly Step[] = until.filter((step, i) => !step.read || i === finding.index);
  if ((await shrinker.replay(steps)) === null) return finding;
  steps = await shrinker.dropSteps(steps);
  await shrinker.shrinkSteps(steps);
  return shrinker.last ?? finding;
}
