// Finds compiled tests by what the command line says.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

function collect(path, files) {
  if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) collect(join(path, name), files);
  else if (path.endsWith('.test.js')) files.push(path);
}

/** A folder is itself; anything else is the beginning of names of files and folders. */
function matching(path) {
  if (existsSync(path)) return [path];
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(basename(path)))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * The tests of one part, below `root`/dist/test: `unit/cli`, `unit/cli/conf`, or the path of a source, `test/unit/cli/config.test.ts`.
 * A compiled test whose source is gone is none.
 */
export function testFiles(root, part) {
  const compiled = join(root, 'dist', 'test');
  const files = [];
  for (const path of matching(join(compiled, part.replace(/^test\//, '').replace(/\.ts$/, '.js'))))
    collect(path, files);
  return files.filter((file) => existsSync(file.replace(join(root, 'dist'), root).replace(/\.js$/, '.ts')));
}
