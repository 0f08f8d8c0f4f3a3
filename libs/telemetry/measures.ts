import { Logger } from '@nestjs/common';
import { Gauge, type Registry } from 'prom-client';

/** A number that has to be asked for. */
export interface Measure {
  readonly name: string;
  readonly help: string;
  /** With a label, `read` answers one number for each of its values. */
  readonly label?: string;
  /** Who is asked. Those that ask the same one take turns, so that a scrape never takes up more than one connection. */
  readonly of: 'database' | 'cache';
  /** null: there is nothing to tell. */
  readonly read: () => Promise<number | null | Readonly<Record<string, number>>>;
  /** What is told when no answer came in time; without it, nothing is. */
  readonly unanswered?: number;
}

interface Asked extends Measure {
  readonly gauge: Gauge;
}

/** For so long an answer is told again. */
const freshMs = 4_000;
/** For so long a scrape waits for answers. */
const patienceMs = 1_000;

/** Asks for all measures together, at most every few seconds and once at a time, however many scrape and however slow the answers are. */
export class Measures {
  private readonly logger = new Logger(Measures.name);
  private readonly sources = new Map<string, Asked[]>();
  private readonly failing = new Set<string>();
  private round: Promise<unknown> | null = null;
  private freshUntil = -Infinity;

  constructor(private readonly registry: Registry) {}

  add(measure: Measure): void {
    const { name, help, label, of } = measure;
    const gauge = new Gauge({ name, help, labelNames: label === undefined ? [] : [label], registers: [this.registry] });
    const asked = { ...measure, gauge };
    this.sources.set(of, [...(this.sources.get(of) ?? []), asked]);
    forget(asked);
  }

  /** Resolves when all have answered, or after a second; what came is in the gauges. */
  async ask(): Promise<void> {
    if (performance.now() < this.freshUntil) return;
    this.round ??= this.askAll().finally(() => {
      this.round = null;
      this.freshUntil = performance.now() + freshMs;
    });
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.round, new Promise((resolve) => (timer = setTimeout(resolve, patienceMs)))]);
    clearTimeout(timer);
  }

  private askAll(): Promise<unknown> {
    const over = performance.now() + patienceMs;
    const all = [...this.sources.values()];
    all.flat().forEach(forget);
    return Promise.all(all.map((measures) => this.askInTurn(measures, over)));
  }

  /** Nothing more is begun once the scrape has been answered. */
  private async askInTurn(measures: readonly Asked[], over: number): Promise<void> {
    for (const measure of measures) if (performance.now() < over) await this.askFor(measure);
  }

  private async askFor(measure: Asked): Promise<void> {
    const { name, label, gauge, read } = measure;
    try {
      const answer = await read();
      if (typeof answer === 'number') gauge.set(answer);
      else if (answer === null) gauge.remove();
      else for (const [value, number] of Object.entries(answer)) gauge.set({ [label!]: value }, number);
      this.failing.delete(name);
    } catch (error) {
      // Said once: while a server is away, every scrape fails.
      if (!this.failing.has(name)) this.logger.warn(`${name} has no answer: ${(error as Error).message}`);
      this.failing.add(name);
    }
  }
}

/** An old number must not pass for a new one. */
function forget({ gauge, label, unanswered }: Asked): void {
  if (label !== undefined) gauge.reset();
  else if (unanswered === undefined) gauge.remove();
  else gauge.set(unanswered);
}
