import { cpus, release, totalmem, type } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from './load';

export interface Row {
  readonly work: string;
  readonly rounds: readonly Measured[];
}

export interface Circumstances {
  readonly command: string;
  readonly postgres: string;
  readonly licenses: number;
  readonly callers: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Of the machine just before, over one minute: what others were doing. */
  readonly loadBefore: number;
  /** What was wrong afterwards; nothing should be. */
  readonly faults: readonly string[];
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
const whole = (value: number) => Math.round(value).toLocaleString('en');
const fine = (value: number) => value.toFixed(value < 10 ? 2 : 1);
const errorsOf = ({ rounds }: Row): number => rounds.reduce((sum, { wrong }) => sum + wrong, 0);
const rateOf = ({ rounds }: Row): number => median(rounds.map(({ perSecond }) => perSecond));

/** The rows beside the limit: how much of what the framework alone can do is left. */
export function tableOf(rows: readonly Row[], limit: Row): string {
  const lines = rows.map((row) => {
    const rates = row.rounds.map(({ perSecond }) => perSecond);
    const spread = (Math.max(...rates) - Math.min(...rates)) / median(rates);
    const of = (pick: (one: Measured) => number) => fine(median(row.rounds.map(pick)));
    const cells = [row.work, whole(median(rates)), of(({ p50 }) => p50), of(({ p99 }) => p99), (rateOf(row) / rateOf(limit)).toFixed(2)];
    return `| ${[...cells, `${Math.round(spread * 100)} %`, errorsOf(row)].join(' | ')} |`;
  });
  return [
    '| work | requests/s | p50 ms | p99 ms | of bare Fastify | spread | errors |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
  ].join('\n');
}

/** Everything that has to be known to read the table, in Markdown. */
export function report(rows: readonly Row[], limit: Row, given: Circumstances): string {
  const { command, postgres, licenses, callers, seconds, rounds, loadBefore, faults } = given;
  const cores = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const samples = rows.flatMap(({ work, rounds }) => rounds.flatMap(({ sample }) => (sample === null ? [] : [`${work}: ${sample}`])));
  const truth =
    faults.length === 0
      ? 'living rows = `seats_used` on every license, and acknowledged activations = living rows = events.'
      : `**wrong:** ${faults.join('; ')}.`;
  return [
    `\`${command}\``,
    '',
    `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, ${memory}, ${type()} ${release()}; Node ${process.versions.node}, ` +
      `PostgreSQL ${postgres} (durable). ${whole(licenses)} licenses, ${callers} callers, ${rounds} interleaved rounds of ${seconds} s each. Load of the machine before: ${loadBefore.toFixed(1)}.`,
    '',
    tableOf(rows, limit),
    '',
    `Afterwards: ${truth}`,
    ...samples.slice(0, 3).map((sample) => `\nAn answer that was not expected: ${sample}`),
  ].join('\n');
}

/** Keeps the report under its day, the newest first; a second one of a day replaces the first. */
export function keep(text: string, day: string): void {
  const file = join(__dirname, '../../bench/README.md');
  const [head = '', ...sections] = readFileSync(file, 'utf8').split(/^(?=## \d{4}-\d{2}-\d{2}$)/m);
  const others = sections.filter((section) => !section.startsWith(`## ${day}\n`));
  const parts = [head, `## ${day}\n\n${text}\n`, ...others].map((part) => part.trimEnd());
  writeFileSync(file, `${parts.join('\n\n')}\n`);
}
