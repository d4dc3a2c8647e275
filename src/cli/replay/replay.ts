// Replays full query logs: each statement on every target, in the order in which they began, and the targets' answers compared.
import { decodeQuery, type LoggedQuery, queryLogPrefix, RecordKind, readRecords } from '../../audit/index.js';
import { parseStatement } from '../../cql/index.js';
import { CtlError } from '../ctl-client.js';
import { logPaths } from '../log-files/paths.js';
import { answerText, difference } from './compare.js';
import { parseTarget, ReplayTarget } from './target.js';

export type ReplayOptions = {
  readonly targets: readonly string[];
  /** Only statements of sessions of this keyspace; null for all. */
  readonly keyspace: string | null;
  readonly replaysDdl: boolean;
  /** Prints what fails on every target, too. */
  readonly debug: boolean;
};

export type ReplayResult = {
  replayed: number;
  /** On some target. */
  failed: number;
  /** Answered otherwise by one target than by the first. */
  different: number;
  /** DDL, statements about roles, further pages, other keyspaces. */
  skipped: number;
};

/** Statements of a file are nearly in order: they are written when they end. */
function readQueries(paths: readonly string[], out: (text: string) => void): LoggedQuery[] {
  const queries: LoggedQuery[] = [];
  for (const path of logPaths(paths, queryLogPrefix)) {
    let end: ReturnType<typeof readRecords>;
    try {
      end = readRecords(path, RecordKind.fullQuery, (record) => queries.push(decodeQuery(record)));
    } catch (error) {
      throw new CtlError((error as Error).message);
    }
    if (end.problem !== null) out(`${path}: ${end.problem}; what is behind that is not replayed`);
  }
  return queries.sort((a, b) => a.startedMs - b.startedMs);
}

/** @throws CtlError for logs that cannot be read and targets that cannot be reached */
export async function replay(
  paths: readonly string[],
  options: ReplayOptions,
  out: (text: string) => void,
): Promise<ReplayResult> {
  if (options.targets.length === 0) throw new CtlError('fqlreplay needs --target [user,password@]host[:port]');
  const targets: ReplayTarget[] = [];
  const result: ReplayResult = { replayed: 0, failed: 0, different: 0, skipped: 0 };
  try {
    for (const text of options.targets) targets.push(await ReplayTarget.open(parseTarget(text)));
    for (const logged of readQueries(paths, out)) {
      if (isSkipped(logged, options)) result.skipped++;
      else await replayOne(logged, targets, result, options.debug ? out : null, out);
    }
  } catch (error) {
    throw error instanceof CtlError ? error : new CtlError((error as Error).message);
  } finally {
    for (const target of targets) target.close();
  }
  return result;
}

async function replayOne(
  logged: LoggedQuery,
  targets: readonly ReplayTarget[],
  result: ReplayResult,
  onFailure: ((text: string) => void) | null,
  out: (text: string) => void,
): Promise<void> {
  const answers = await Promise.all(targets.map((target) => target.run(logged)));
  result.replayed++;
  const first = answers[0]!;
  if (answers.some(({ kind }) => kind === 'error')) {
    result.failed++;
    onFailure?.(
      `FAILED ${shown(logged)}\n${answers.map((one, i) => `  ${targets[i]!.name}: ${answerText(one)}`).join('\n')}`,
    );
  }
  const differing = answers.flatMap((answer, i) => {
    const what = i === 0 ? null : difference(first, answer);
    return what === null ? [] : [`  ${targets[0]!.name} | ${targets[i]!.name}: ${what}`];
  });
  if (differing.length === 0) return;
  result.different++;
  out(`MISMATCH ${shown(logged)}\n${differing.join('\n')}`);
}

const shown = (logged: LoggedQuery): string =>
  `${new Date(logged.startedMs).toISOString()} ${logged.kind === 'query' ? logged.query : logged.queries.map(({ query }) => query).join('; ')}`;

/** Statements that another cluster cannot or must not be given. */
function isSkipped(logged: LoggedQuery, { keyspace, replaysDdl }: ReplayOptions): boolean {
  if (keyspace !== null && (logged.parameters.keyspace ?? logged.keyspace) !== keyspace) return true;
  // A paging state is for the node that has made it.
  if (logged.parameters.pagingState !== null) return true;
  if (logged.kind === 'batch') return false;
  let kind: string;
  try {
    kind = parseStatement(logged.query).statement.kind;
  } catch {
    // The targets may know what this version does not.
    return false;
  }
  // Passwords are not in the log; the keyspace of each statement is.
  if (kind === 'auth' || kind === 'use') return true;
  return /^(create|alter|drop)/.test(kind) && !replaysDdl;
}
