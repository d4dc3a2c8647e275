// Loads the compiled program. A clone that is not built yet says so; every other error is shown as it is.
import { existsSync } from 'node:fs';

const addon = new URL('../build/Release/ferrosa.node', import.meta.url);

/** @param needsAddon  whether the program loads it at once */
export function load(name, needsAddon) {
  const program = new URL(`../dist/src/cli/${name}.js`, import.meta.url);
  if (!existsSync(program) || (needsAddon && !existsSync(addon))) {
    console.error('ferrosa is not built yet: run npm start, or npm run build');
    process.exit(1);
  }
  return import(program.href);
}
