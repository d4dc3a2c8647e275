// The command `ferrosa`: start, version, help.
import { readFileSync } from 'node:fs';
import type { SettingName } from './settings.js';

/** The version of package.json. */
export function packageVersion(): string {
  const path = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

const flagWidth = 44;

/** A flag that is too long for its column has a line of its own. */
const inColumn = (flag: string): string =>
  flag.length <= flagWidth ? `  ${flag.padEnd(flagWidth)}  ` : `  ${flag}\n${' '.repeat(flagWidth + 4)}`;

async function help(): Promise<string> {
  const { settings, defaultText, flagOf } = await import('./settings.js');
  const lines = (Object.keys(settings) as SettingName[]).map((name) => {
    const { shape, help: text } = settings[name];
    return `${inColumn(`${flagOf(name)} ${shape}`)}${text} (${defaultText(name) || '""'})`;
  });
  return `ferrosa: a drop-in replacement for Apache Cassandra 5.0

Usage:
  ferrosa start [settings]   runs a node until SIGTERM or SIGINT
  ferrosa version            prints the version
  ferrosa help               prints this

Each setting is also a variable, FERROSA_ and its name in capitals (FERROSA_DATA_DIR), and a key of ferrosa.toml in the working folder
or of the file that --config PATH or FERROSA_CONFIG names (data_dir = "/var/lib/ferrosa"). Flags win over variables, those over the file.

Settings (default):
${lines.join('\n')}
`;
}

/** Runs the command; the promise ends when the command has ended or, for start, when the node runs. */
export async function main(argv: readonly string[]): Promise<void> {
  const [command = 'help', ...args] = argv;
  switch (command) {
    case 'start': {
      if (args.includes('--help') || args.includes('-h')) {
        process.stdout.write(await help());
        return;
      }
      const { start } = await import('./start.js');
      await start(args);
      return;
    }
    case 'version':
    case '--version':
    case '-v':
      console.log(packageVersion());
      return;
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(await help());
      return;
    default:
      console.error(`ferrosa: unknown command "${command}"; \`ferrosa help\` lists the commands`);
      process.exitCode = 2;
  }
}
