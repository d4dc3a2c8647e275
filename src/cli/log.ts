// The log: structured lines on standard error; for people when that is a terminal.
import { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

const names: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
const colors: Record<number, string> = { 40: '\x1b[33m', 50: '\x1b[31m', 60: '\x1b[31m' };

/** One line for a person: time, level, message, then the other fields. */
function humanLine(json: string): string {
  const {
    level,
    time,
    msg,
    pid: _pid,
    hostname: _hostname,
    err,
    ...rest
  } = JSON.parse(json) as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = err === undefined ? '' : `\n${(err as { stack?: string }).stack ?? JSON.stringify(err)}`;
  const clock = new Date(time as number).toISOString().slice(11, 23);
  const name = (names[level as number] ?? String(level)).toUpperCase().padEnd(5);
  return `${clock} ${colors[level as number] ?? ''}${name}\x1b[0m ${[msg, ...fields].join(' ')}${stack}\n`;
}

export function createLog(level: string): Log {
  if (!process.stderr.isTTY) return pino({ level }, pino.destination({ fd: 2, sync: true }));
  const pretty = new Writable({
    write(chunk: Buffer, _encoding, done) {
      process.stderr.write(humanLine(chunk.toString()), done);
    },
  });
  return pino({ level }, pretty as DestinationStream);
}
