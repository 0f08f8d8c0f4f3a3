import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Asks once; null when the answer was as expected, else the answer in words. */
export type Caller = () => Promise<string | null>;

/** How long each round lasts, or how many calls it makes in all. */
export type Length = { readonly seconds: number } | { readonly calls: number };

export interface Measured {
  readonly answers: number;
  readonly perSecond: number;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not as expected. */
  readonly wrong: number;
  /** One of them, in words. */
  readonly sample: string | null;
  /** Seats that were acknowledged as taken and as given back, of works that do so. */
  readonly taken: number;
  readonly freed: number;
}

/** What the callers of a work have acknowledged so far. They count it themselves. */
export interface Seats {
  taken: number;
  freed: number;
}

/** Every caller asks again as soon as it has its answer, until the end; what is under way then still counts. */
export async function measure(callers: readonly Caller[], length: Length, seats: Seats = { taken: 0, freed: 0 }): Promise<Measured> {
  const histogram = createHistogram();
  const [start, wrong]: [number, string[]] = [performance.now(), []];
  const goesOn = 'calls' in length ? counted(length.calls) : (at: number) => at < start + length.seconds * 1000;
  await Promise.all(
    callers.map(async (call) => {
      for (let asked = performance.now(); goesOn(asked);) {
        const fault = await call();
        if (fault !== null) wrong.push(fault);
        const answered = performance.now();
        histogram.record(Math.max(1, Math.round((answered - asked) * microsecondsInMs)));
        asked = answered;
      }
    }),
  );
  return { ...timesOf(histogram, microsecondsInMs, start), wrong: wrong.length, sample: wrong[0] ?? null, ...seats };
}

const [microsecondsInMs, nanosecondsInMs, hitsAtOnce] = [1_000, 1_000_000, 1_000];

/** For what takes less time than looking at the clock does: a thousand after each other, and each of them taken to be as long as the others. */
export async function measureTiny(hit: () => unknown, seconds: number): Promise<Measured> {
  const [histogram, start] = [createHistogram(), performance.now()];
  let hits = 0;
  for (let asked = start; asked < start + seconds * 1000;) {
    for (let i = 0; i < hitsAtOnce; i++) await hit();
    const answered = performance.now();
    histogram.record(Math.max(1, Math.round(((answered - asked) * nanosecondsInMs) / hitsAtOnce)));
    hits += hitsAtOnce;
    asked = answered;
  }
  const perSecond = hits / ((performance.now() - start) / 1000);
  return { ...timesOf(histogram, nanosecondsInMs, start), answers: hits, perSecond, wrong: 0, sample: null, taken: 0, freed: 0 };
}

function timesOf(histogram: RecordableHistogram, unitsInMs: number, start: number) {
  const answers = histogram.count;
  const perSecond = answers / ((performance.now() - start) / 1000);
  return { answers, perSecond, p50: histogram.percentile(50) / unitsInMs, p99: histogram.percentile(99) / unitsInMs };
}

function counted(calls: number): () => boolean {
  let left = calls;
  return () => left-- > 0;
}
