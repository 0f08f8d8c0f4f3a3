import { cpus, release, totalmem, type } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from './measure';
import { bareFastify, bareHttp, oneRead, type Row } from './rows';

export interface Circumstances {
  readonly command: string;
  readonly postgres: string;
  readonly licenses: number;
  readonly callers: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Of the machine just before, over one minute: what others were doing. */
  readonly loadBefore: number;
  /** Milliseconds that a fixed work of the processor took before and after the run. */
  readonly calibration: readonly [number, number];
  /** Events that had no place in their brand's log yet when the load had ended, after a short wait. */
  readonly backlog: number;
  /** What was wrong afterwards; nothing should be. */
  readonly faults: readonly string[];
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
export const whole = (value: number) => Math.round(value).toLocaleString('en');
/** Milliseconds, as exactly as it makes sense. */
export const fine = (value: number) => (value < 0.1 ? value.toPrecision(2) : value.toFixed(value < 10 ? 2 : 1));
const ratio = (value: number) => value.toFixed(2);
export const errorsOf = ({ rounds }: Pick<Row, 'rounds'>): number => rounds.reduce((sum, { wrong }) => sum + wrong, 0);
const rateOf = ({ rounds }: Row): number => median(rounds.map(({ perSecond }) => perSecond));

/** Rows of cells beneath their head, as Markdown; words to the left, from the given column on numbers to the right. */
export const markdown = (head: readonly string[], rows: readonly (readonly (string | number)[])[], numbersFrom = 1): string =>
  [head, head.map((_, column) => (column < numbersFrom ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** The rows, each beside its limit. */
export function tableOf(rows: readonly Row[]): string {
  const named = (work: string | null) => rows.find((row) => row.work === work);
  const lines = rows.map((row) => {
    const { work, rounds, target = '', there } = row;
    const limit = named(row.limit);
    const rates = rounds.map(({ perSecond }) => perSecond);
    const spread = (Math.max(...rates) - Math.min(...rates)) / median(rates);
    const of = (pick: (one: Measured) => number) => fine(median(rounds.map(pick)));
    const thereOf = there === undefined ? '' : `${whole(there)}${limit?.there ? ` = ${ratio(there / limit.there)}` : ''}`;
    return [
      ...[work, whole(rateOf(row)), of(({ p50 }) => p50), of(({ p99 }) => p99)],
      ...[limit ? ratio(rateOf(row) / rateOf(limit)) : '', thereOf, target, `${Math.round(spread * 100)} %`, errorsOf(row)],
    ];
  });
  return markdown(['work', 'a second', 'p50 ms', 'p99 ms', 'of its limit', 'there', 'target', 'spread', 'errors'], lines);
}

/** Answers that nobody expected, a few of them. */
export const samplesOf = (rows: readonly Row[]): string[] =>
  rows
    .flatMap(({ work, rounds }) => rounds.flatMap(({ sample }) => (sample === null ? [] : [`${work}: ${sample}`])))
    .slice(0, 3)
    .map((sample) => `\nAn answer that was not expected: ${sample}`);

export const truthOf = (faults: readonly string[]): string =>
  faults.length === 0
    ? 'Afterwards: living rows = `seats_used` ≤ the limit on every license; what was acknowledged as taken and given back = living rows = events.'
    : `**Wrong afterwards:** ${faults.join('; ')}.`;

/** Everything that has to be known to read the table, in Markdown. */
export function report(rows: readonly Row[], given: Circumstances): string {
  const { command, postgres, licenses, callers, seconds, rounds, loadBefore, calibration, backlog, faults } = given;
  const cores = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const httpRounds = rows.find(({ work }) => work === bareHttp)!.rounds.map(({ perSecond }) => whole(perSecond));
  return [
    `\`${command}\``,
    '',
    `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, ${memory}, ${type()} ${release()}; Node ${process.versions.node}, ` +
      `PostgreSQL ${postgres} (durable). ${whole(licenses)} licenses, ${callers} callers, ${rounds} interleaved rounds of ${seconds} s each.`,
    '',
    tableOf(rows),
    '',
    `The limit of a row without HTTP is "${oneRead}", of the others "${bareFastify}"; of the last row it is the one above. Nest + Express is not measured: Express is no dependency.`,
    '',
    `Noise: load of the machine before ${loadBefore.toFixed(1)}; 100,000 HMACs took ${Math.round(calibration[0])} ms before the run and ` +
      `${Math.round(calibration[1])} ms after it; ${bareHttp}, round by round: ${httpRounds.join(', ')}.`,
    '',
    truthOf(faults),
    `Events that waited for their place in the log at the end: ${whole(backlog)}.`,
    ...samplesOf(rows),
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
