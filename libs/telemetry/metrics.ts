import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Measure, Measures } from './measures';
import { processMetrics } from './process-metrics';
import { version } from './version';

/** A number that is at hand, told at each scrape: one for each value of the label. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly read: () => Readonly<Record<string, number>>;
}

/** The requests of one route, method and status. */
interface Cell {
  /** Since the last scrape. */
  fresh: number;
  readonly count: { inc(by: number): void };
  readonly time: { observe(seconds: number): void };
}

/** From 1 ms to 5 s: a verdict should be at the beginning, and nothing may take longer than the end. */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** The methods that the API has. Any other is one, so that no caller makes up series. */
const methods = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'];

/** What this application counts, for Prometheus. Labels are templates and codes: never a path, a brand or a key. */
@Injectable()
export class Metrics {
  static readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;

  private readonly registry = new Registry();
  private readonly registers = [this.registry];
  private readonly requests = new Counter({
    name: 'latchkey_http_requests_total',
    help: 'Requests that were answered, by the template of the route, the method and the status.',
    labelNames: ['route', 'method', 'status'],
    registers: this.registers,
    collect: () => this.cells.forEach(take),
  });
  private readonly durations = new Histogram({
    name: 'latchkey_http_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer.',
    labelNames: ['route', 'method'],
    buckets: seconds,
    registers: this.registers,
  });
  private readonly verdicts = new Counter({
    name: 'latchkey_verdicts_total',
    help: 'Verdicts about license keys, by their code.',
    labelNames: ['code'],
    registers: this.registers,
  });
  private readonly batches = new Histogram({
    name: 'latchkey_batch_size',
    help: 'How many calls shared one round trip or transaction, by the work that they asked for.',
    labelNames: ['work'],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: this.registers,
  });
  private readonly measures = new Measures(this.registry);
  /** Finding the series of some labels costs more than counting in it. */
  private readonly cells = new Map<string, Cell>();
  private readonly codes = new Map<string, { inc(): void }>();
  private readonly works = new Map<string, { observe(size: number): void }>();

  constructor() {
    new Gauge({
      name: 'latchkey_build_info',
      help: 'Always 1; the labels say what runs.',
      labelNames: ['version', 'node'],
      registers: this.registers,
    }).set({ version: version(), node: process.version }, 1);
    processMetrics();
  }

  /** @param route its template; undefined when there is none @param durationMs from its arrival to the end of the answer */
  request(route: string | undefined, method: string, status: number, durationMs: number): void {
    const key = `${status} ${method} ${route}`;
    let cell = this.cells.get(key);
    if (!cell) this.cells.set(key, (cell = this.cellOf(route ?? 'none', methods.includes(method) ? method : 'other', status)));
    cell.fresh++;
    cell.time.observe(durationMs / 1000);
  }

  verdict(code: string): void {
    let counter = this.codes.get(code);
    if (!counter) this.codes.set(code, (counter = this.verdicts.labels(code)));
    counter.inc();
  }

  /** @param work a fixed name of what was done together @param size how many calls it was done for */
  batch(work: string, size: number): void {
    let histogram = this.works.get(work);
    if (!histogram) this.works.set(work, (histogram = this.batches.labels(work)));
    histogram.observe(size);
  }

  /** Tells what is at hand, at each scrape. */
  reading({ name, help, label, read }: Reading): void {
    const tell = (gauge: Gauge) => Object.entries(read()).forEach(([value, number]) => gauge.set({ [label]: value }, number));
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: this.registers,
      collect() {
        this.reset();
        tell(this);
      },
    });
  }

  /** Tells what somebody else has to be asked for, as far as it answers in time. */
  measure(measure: Measure): void {
    this.measures.add(measure);
  }

  /** Everything, in the text format of Prometheus. Answers within about a second, whoever of those that are asked does not. */
  async scrape(): Promise<string> {
    await this.measures.ask();
    return `${await this.registry.metrics()}\n${await processMetrics().metrics()}`;
  }

  private cellOf(route: string, method: string, status: number): Cell {
    return { fresh: 0, count: this.requests.labels(route, method, String(status)), time: this.durations.labels(route, method) };
  }
}

function take(cell: Cell): void {
  cell.count.inc(cell.fresh);
  cell.fresh = 0;
}
