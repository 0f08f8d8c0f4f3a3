import type { LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config';

// Whoever read our lines may be gone. Then nobody hears them, but nothing may wait for it: pino's own destination would, for ever.
if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => undefined);

export function createLog({ LOG_LEVEL, LOG_FORMAT }: Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT'>): Logger {
  const forPeople = LOG_FORMAT === 'pretty' || (LOG_FORMAT === 'auto' && process.stdout.isTTY);
  const options = { level: LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return forPeople
    ? pino(options, pretty({ destination: process.stdout, singleLine: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }))
    : pino(options, gathered(process.stdout));
}

/** The lines of one turn of the event loop leave together: a write for each would be a good part of what a request costs. */
function gathered(output: NodeJS.WriteStream): DestinationStream {
  let lines = '';
  const flush = (): void => {
    const text = lines;
    lines = '';
    if (text !== '') output.write(text);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
  };
}

/** Nest's own messages, in the same lines as everything else; what it says of starting up is for debugging. */
export class NestLog implements LoggerService {
  constructor(private readonly lines: Logger) {}

  error(message: unknown, ...more: unknown[]): void {
    this.lines.error(fields(more), String(message));
  }
  warn(message: unknown, ...more: unknown[]): void {
    this.lines.warn(fields(more), String(message));
  }
  log(message: unknown, ...more: unknown[]): void {
    this.lines.debug(fields(more), String(message));
  }
  debug(message: unknown, ...more: unknown[]): void {
    this.lines.debug(fields(more), String(message));
  }
}

/** Nest passes objects, a stack and the name of the speaker behind the message, in this order. */
function fields(more: unknown[]): object {
  const objects = more.filter((one): one is object => typeof one === 'object' && one !== null);
  const speaker = more.findLast((one) => typeof one === 'string');
  return Object.assign({}, ...objects, speaker === undefined ? {} : { context: speaker }) as object;
}
