import { ApiError, noSuch } from '../objects/api-error';
import type { Metadata } from '../objects/objects';

export type Value = string | Values | Value[];
export interface Values {
  [name: string]: Value;
}

/** `a[b][0][c]=d` as the SDK writes it, in queries and in bodies. */
export function parseForm(text: string): Values {
  const root: Values = Object.create(null) as Values;
  for (const [key, value] of new URLSearchParams(text)) put(root, pathOf(key), value);
  return listed(root) as Values;
}

const pathOf = (key: string): string[] => {
  const [head, ...rest] = key.split('[');
  return [head!, ...rest.map((part) => part.replace(/\]$/, ''))];
};

function put(into: Values, [head, ...rest]: string[], value: string): void {
  const name = head === '' ? String(Object.keys(into).length) : head!;
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const known = into[name];
  const next = typeof known === 'object' && !Array.isArray(known) ? known : (Object.create(null) as Values);
  into[name] = next;
  put(next, rest, value);
}

/** What is numbered from 0 is a list. */
function listed(value: Value): Value {
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const names = Object.keys(value);
  for (const name of names) value[name] = listed(value[name]!);
  return names.length > 0 && names.every((name, at) => name === String(at)) ? names.map((name) => value[name]!) : value;
}

/** Reads the parameters of a request, and says in the API's words what is wrong with them. */
export class Params {
  constructor(
    readonly values: Values,
    private readonly path: string | null = null,
  ) {}

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  /** '' counts as given, and clears the field. */
  text(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw this.wrong(name, `Invalid string: ${JSON.stringify(value)}`);
    return value;
  }

  needed(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw this.missing(name);
    return value;
  }

  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(value)) throw this.wrong(name, `Invalid integer: ${value}`, 'parameter_invalid_integer');
    return Number(value);
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value !== 'true' && value !== 'false') throw this.wrong(name, `Invalid boolean: ${value}`);
    return value === 'true';
  }

  one<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined || (choices as readonly string[]).includes(value)) return value as T | undefined;
    throw this.wrong(name, `Invalid ${this.full(name)}: must be one of ${choices.join(', ')}`);
  }

  /** An address that a browser may be sent to. */
  address(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined || /^https?:\/\/\S+$/i.test(value)) return value;
    throw this.wrong(name, 'Not a valid URL', 'url_invalid');
  }

  group(name: string): Params {
    const value = this.values[name];
    if (value === undefined) return new Params({}, this.full(name));
    if (typeof value !== 'object' || Array.isArray(value)) throw this.wrong(name, 'Invalid object');
    return new Params(value, this.full(name));
  }

  groups(name: string): Params[] {
    const value = this.values[name];
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.wrong(name, 'Invalid array');
    return value.map((each, at) => {
      if (typeof each !== 'object' || Array.isArray(each)) throw this.wrong(name, 'Invalid object');
      return new Params(each, `${this.full(name)}[${at}]`);
    });
  }

  texts(name: string): string[] {
    const value = this.values[name];
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.wrong(name, 'Invalid array');
    return value.filter((each) => typeof each === 'string');
  }

  /** The metadata after this request: named keys are put, empty ones removed, the others stay. */
  metadata(known: Metadata = {}, name = 'metadata'): Metadata {
    const given = this.values[name];
    if (given === undefined) return { ...known };
    if (given === '') return {};
    const entries = Object.keys(this.group(name).values).map((key) => [key, this.group(name).text(key)!] as const);
    for (const [key, value] of entries) {
      if (key.length > 40 || value.length > 500) throw this.wrong(name, `Metadata keys hold 40 characters, values 500: ${key}`);
    }
    return Object.fromEntries(Object.entries({ ...known, ...Object.fromEntries(entries) }).filter(([, value]) => value !== ''));
  }

  /** Refuses what the API does not know, at the top. */
  only(names: readonly string[]): void {
    const unknown = Object.keys(this.values).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new ApiError(400, `Received unknown parameter: ${unknown}`, { code: 'parameter_unknown', param: unknown });
    }
  }

  missing(name: string): ApiError {
    return new ApiError(400, `Missing required param: ${this.full(name)}.`, { code: 'parameter_missing', param: this.full(name) });
  }

  wrong(name: string, message: string, code?: string): ApiError {
    return new ApiError(400, message, { param: this.full(name), ...(code && { code }) });
  }

  noSuch(what: string, name: string, id: string): ApiError {
    return noSuch(what, id, this.full(name));
  }

  private full(name: string): string {
    return this.path === null ? name : `${this.path}[${name}]`;
  }
}
