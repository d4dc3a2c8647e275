// What becomes of a log's files when they are full: the oldest are deleted beyond a size, or a command archives them.
import { execFile } from 'node:child_process';
import { readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What the log of the node is told. */
export interface RetentionLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Retention {
  /** A file is complete. `current`: the one that is written now, null for none. */
  rolled(path: string, current: string | null): void;
  stop(): void;
}

/** Files of a log, oldest first: their names sort by time. */
export const logFiles = (folder: string, isOurs: (name: string) => boolean): string[] =>
  readdirSync(folder)
    .filter(isOurs)
    .sort()
    .map((name) => join(folder, name));

/** max_log_size: the oldest files go when all together are larger. */
export class DeletingRetention implements Retention {
  constructor(
    private readonly files: () => string[],
    private readonly bytesMax: number,
    private readonly log: RetentionLog,
  ) {}

  rolled(_path: string, current: string | null): void {
    try {
      const sized = this.files()
        .filter((path) => path !== current)
        .map((path) => ({ path, bytes: statSync(path).size }));
      let total = sized.reduce((sum, { bytes }) => sum + bytes, 0);
      for (const { path, bytes } of sized) {
        if (total <= this.bytesMax) break;
        unlinkSync(path);
        total -= bytes;
        this.log.info({ path }, 'Deleted the oldest file of a log that is over its max_log_size');
      }
    } catch (error) {
      this.log.error({ error: (error as Error).message }, 'Old files of a log could not be deleted');
    }
  }

  stop(): void {}
}

/** Between two attempts, as in Cassandra. */
const retryMs = 5 * 60_000;

/**
 * archive_command: `%path` in it is the file. It is started without a shell, its words are split at blanks, so that no file name can become a
 * command; its exit status 0 means that the file is archived.
 */
export class ArchivingRetention implements Retention {
  readonly #queue: { readonly path: string; attempts: number }[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #running = false;
  #stopped = false;

  constructor(
    private readonly command: string,
    private readonly retriesMax: number,
    private readonly log: RetentionLog,
    private readonly retryAfterMs = retryMs,
  ) {}

  rolled(path: string): void {
    this.#queue.push({ path, attempts: 0 });
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #next(): void {
    if (this.#running || this.#stopped) return;
    const file = this.#queue.shift();
    if (file === undefined) return;
    this.#running = true;
    const [program = '', ...args] = this.command.split(/\s+/).filter((word) => word !== '');
    execFile(
      program,
      args.map((word) => word.replaceAll('%path', file.path)),
      (error) => {
        this.#running = false;
        if (error !== null) this.#failed(file, error);
        this.#next();
      },
    );
  }

  #failed(file: { readonly path: string; attempts: number }, error: Error): void {
    const fields = { path: file.path, command: this.command, error: error.message };
    file.attempts++;
    if (file.attempts > this.retriesMax) {
      this.log.error(fields, 'Archiving a file of a log has failed; it stays where it is');
      return;
    }
    this.log.error(fields, 'Archiving a file of a log has failed and will be tried again');
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#queue.push(file);
      this.#next();
    }, this.retryAfterMs);
    timer.unref();
    this.#timers.add(timer);
  }
}
