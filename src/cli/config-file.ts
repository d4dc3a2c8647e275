// ferrosa.toml: where it is and what stands in it. Knows no settings, so that ferrosa-ctl, too, reads it at once.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse as parseToml } from 'smol-toml';

/** `text` is the value as a flag would have it, null for one that no setting has. */
export type Key = {
  readonly tables: readonly string[];
  readonly key: string;
  /** [client_encryption_options] with enabled in it is client_encryption_options_enabled. */
  readonly name: string;
  readonly text: string | null;
};

/** The file of the working folder, or the one that was named and then has to be there. */
export function configPath(flag: string | null, env: Readonly<Record<string, string | undefined>>) {
  const named = flag ?? env['FERROSA_CONFIG'] ?? null;
  return { path: resolve(named ?? 'ferrosa.toml'), required: named !== null };
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join(',') : null;
}

function flatten(table: Readonly<Record<string, unknown>>, tables: readonly string[] = []): Key[] {
  return Object.entries(table).flatMap(([key, value]): Key[] => {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Date)
      return [{ tables, key, name: [...tables, key].join('_'), text: textOf(value) }];
    return flatten(value as Record<string, unknown>, [...tables, key]);
  });
}

/**
 * The keys of the file; none when it is not there and need not be.
 * @throws Error that names the file
 */
export function readConfigFile(path: string, required: boolean): readonly Key[] {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !required) return [];
    throw new Error(`cannot read the configuration file ${path}: ${(error as Error).message}`);
  }
  try {
    return flatten(parseToml(source));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}
