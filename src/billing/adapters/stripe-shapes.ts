import { UnreadableEvent } from '../domain/errors';
import { parsedUrl } from '../../../libs/kernel/url';

/** What JavaScript, PostgreSQL and people get along with. */
const control = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;
const [earliest, latest] = [Date.UTC(2000, 0), Date.UTC(2100, 0)];
const mostItems = 1_000;

/** An object that came from Stripe, of which nothing is believed: each reader answers what it says, null where there is none, or refuses. */
export class Given {
  private constructor(
    private readonly fields: object,
    private readonly path: string,
  ) {}

  /** @throws UnreadableEvent */
  static of(value: unknown, path: string): Given {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnreadableEvent(`${path} is not an object`);
    return new Given(value, path);
  }

  /** What must be there. */
  must<T>(name: string, value: T | null): T {
    return value ?? this.refuse(name, 'is missing');
  }

  /** A text for programs. */
  text(name: string, longest = 255): string | null {
    const value = this.value(name);
    if (value === null) return null;
    if (typeof value !== 'string') return this.refuse(name, 'is not a text');
    if (value.length > longest) return this.refuse(name, `is longer than ${longest} characters`);
    return value.search(control) < 0 ? value : this.refuse(name, 'holds control characters');
  }

  one<T extends string>(name: string, known: readonly T[]): T | null {
    const text = this.text(name);
    return text === null ? null : (known.find((each) => each === text) ?? this.refuse(name, 'is none of those that are known'));
  }

  /** The id of something, alone or in place of which the whole of it stands. */
  id(name: string, prefix?: string): string | null {
    const value = this.value(name);
    const id = typeof value === 'object' && value !== null ? this.inner(name)!.text('id') : this.text(name);
    if (id === null || id === '') return null;
    return prefix === undefined || isIdOf(prefix, id) ? id : this.refuse(name, `is no ${prefix}_ id`);
  }

  /** A text for people: made fit to be shown rather than refused. */
  shown(name: string, longest = 200): string | null {
    const value = this.value(name);
    if (typeof value !== 'string') return null;
    return cleaned(value, longest) || null;
  }

  /** In lower case; what does not look like an address is none. */
  email(name: string): string | null {
    const value = this.value(name);
    if (typeof value !== 'string' || value.length > 254 || value.search(control) >= 0) return null;
    return /^[^\s@<>"(),;]+@[^\s@<>"(),;]+$/.test(value) ? value.toLowerCase() : null;
  }

  /** An address on the web that may stand in a mail. */
  link(name: string): string | null {
    const value = this.value(name);
    if (typeof value !== 'string' || value.length > 2_048 || value.search(control) >= 0 || !parsedUrl(value)) return null;
    return ['https:', 'http:'].includes(new URL(value).protocol) ? value : null;
  }

  whole(name: string, least: number, most: number): number | null {
    const value = this.value(name);
    if (value === null) return null;
    const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
    return fits ? value : this.refuse(name, `is not a whole number from ${least} to ${most}`);
  }

  flag(name: string): boolean {
    const value = this.value(name);
    return value === null || typeof value === 'boolean' ? value === true : this.refuse(name, 'is neither true nor false');
  }

  /** Seconds since 1970. */
  instant(name: string): Date | null {
    const value = this.value(name);
    if (value === null) return null;
    const at = typeof value === 'number' && Number.isSafeInteger(value) ? value * 1000 : NaN;
    return at >= earliest && at < latest ? new Date(at) : this.refuse(name, 'is not a time between the years 2000 and 2100');
  }

  /** Whether all of it stands there, not the id alone. */
  isWhole(name: string): boolean {
    return typeof this.value(name) === 'object' && this.value(name) !== null;
  }

  inner(name: string): Given | null {
    const value = this.value(name);
    return value === null ? null : Given.of(value, `${this.path}.${name}`);
  }

  /** The things of a list, plain or with `data`. */
  list(name: string): Given[] {
    const value = this.value(name);
    if (value === null) return [];
    if (!Array.isArray(value)) return this.inner(name)!.array('data');
    return this.array(name);
  }

  /** The things of a plain list. */
  array(name: string): Given[] {
    const value = this.value(name) ?? [];
    if (!Array.isArray(value)) return this.refuse(name, 'is not a list');
    if (value.length > mostItems) return this.refuse(name, `has more than ${mostItems} things`);
    return value.map((each, index) => Given.of(each, `${this.path}.${name}[${index}]`));
  }

  private value(name: string): unknown {
    return (Object.hasOwn(this.fields, name) ? (this.fields as Record<string, unknown>)[name] : null) ?? null;
  }

  private refuse(name: string, why: string): never {
    throw new UnreadableEvent(`${this.path}.${name} ${why}`);
  }
}

export const isIdOf = (prefix: string, id: string): boolean => id.startsWith(`${prefix}_`) && /^\w{1,255}$/.test(id) && !id.endsWith('_');

/** One line that can be stored and shown. */
export const cleaned = (text: string, longest: number): string => {
  // What is cut off need not be cleaned.
  const line = text
    .slice(0, longest * 8)
    .replace(control, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return [...line].slice(0, longest).join('').trim();
};
