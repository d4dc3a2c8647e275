// The command `ferrosa`: start, version, help.
import { readFileSync } from 'node:fs';

/** The version of package.json. */
export function packageVersion(): string {
  const path = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

async function help(): Promise<string> {
  const { settings, settingText, flagOf } = await import('./settings.js');
  const lines = Object.entries(settings).map(([name, { shape, help: text, fallback }]) => {
    const shown = settingText(fallback());
    const unit = shape === 'DURATION' ? ' ms' : shape === 'SIZE' ? ' bytes' : shape === 'RATE' ? ' bytes/s' : '';
    return `  ${`${flagOf(name)} ${shape}`.padEnd(46)} ${text} (${shown}${unit})`;
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
