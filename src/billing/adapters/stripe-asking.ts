import Stripe from 'stripe';
import { ProviderAway } from '../domain/errors';
import { isMissing } from './stripe-refusals';
import { cleaned, Given } from './stripe-shapes';

const patienceMs = 9_500;
const pageSize = 100;
const mostPages = 5;

interface Paging {
  readonly limit: number;
  readonly starting_after?: string;
}

/** One question to Stripe, however many requests it takes: it is over in time. */
export class Asking {
  private readonly endsAt = performance.now() + patienceMs;

  constructor(private readonly stripe: Stripe) {}

  async to<T>(request: (stripe: Stripe) => Promise<T>): Promise<T> {
    const left = this.endsAt - performance.now();
    if (left <= 0) throw tooLate();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooLate()), left);
    });
    try {
      return await Promise.race([this.answer(request), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The answer, of which nothing is believed. */
  async about(request: (stripe: Stripe) => Promise<object>): Promise<Given> {
    return Given.of(await this.to(request), 'answer');
  }

  /** A list from its beginning, until it ends or it is enough. Beyond so many pages nobody reads on. */
  async list(
    request: (stripe: Stripe, paging: Paging) => Promise<object>,
    isEnough: (all: Given[]) => boolean = () => false,
  ): Promise<Given[]> {
    const all: Given[] = [];
    for (let pages = 1, after: string | null = null; ; pages++) {
      const { items, next } = await this.page(request, after);
      all.push(...items);
      if (next === null || pages === mostPages || isEnough(all)) return all;
      after = next;
    }
  }

  /** A page of a list, and after what the next one begins. */
  async page(
    request: (stripe: Stripe, paging: Paging) => Promise<object>,
    after: string | null,
  ): Promise<{ items: Given[]; next: string | null }> {
    const answer = await this.about((stripe) => request(stripe, { limit: pageSize, ...(after !== null && { starting_after: after }) }));
    const items = answer.must('data', answer.isWhole('data') ? answer.array('data') : null);
    return { items, next: answer.flag('has_more') ? (items.at(-1)?.id('id') ?? null) : null };
  }

  private async answer<T>(request: (stripe: Stripe) => Promise<T>): Promise<T> {
    try {
      return await request(this.stripe);
    } catch (error) {
      // What the SDK throws beside its own errors comes of an answer that it did not expect.
      throw error instanceof Stripe.errors.StripeError
        ? error
        : new ProviderAway(`an answer makes no sense: ${cleaned(String(error), 300)}`);
    }
  }
}

/** null where Stripe says that there is no such thing. */
export const orNull = <T>(asked: Promise<T>): Promise<T | null> =>
  asked.catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });

const tooLate = (): ProviderAway => new ProviderAway(`no answer within ${patienceMs / 1000} s`);
