import { InvalidRequest, MalformedBody } from './refusals';

const maxDepth = 32;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * JSON from the network, before anyone believes it: UTF-8 without repair, no NUL and no half surrogate pairs (PostgreSQL stores
 * neither), numbers that survive, at most 32 levels, no names that reach into a prototype.
 */
export function parseStrictJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  const value = read(body);
  inspect(value, '', 0);
  return value;
}

/** What is wrong with a text; null when it can be stored as it is. */
export function faultOfText(text: string): string | null {
  if (text.includes('\0')) return 'holds a NUL character';
  if (!text.isWellFormed()) return 'holds half of a surrogate pair';
  return null;
}

/** Path and query string, before anyone believes them: text that can be stored, and each name once. */
export function refuseAddress(params: unknown, query: unknown): void {
  for (const [name, value] of Object.entries(params ?? {})) refuseText(`{${name}}`, String(value));
  for (const [name, value] of Object.entries(query ?? {})) {
    if (Array.isArray(value)) throw new InvalidRequest([{ pointer: `?${name}`, detail: `${name} may be given only once.` }]);
    if (isReserved(name)) throw new InvalidRequest([{ pointer: `?${name}`, detail: `${name} is not known here` }]);
    refuseText(`?${name}`, `${name}${String(value)}`);
  }
}

/** Names that every object answers to (`toString`): what copies objects later would reach into the prototype or lose the member. */
const isReserved = (name: string): boolean => name in Object.prototype || name === 'prototype';

function refuseText(pointer: string, text: string): void {
  const fault = faultOfText(text);
  if (fault) throw new InvalidRequest([{ pointer, detail: `The value ${fault}.` }]);
}

function read(body: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (error) {
    throw new MalformedBody(error instanceof SyntaxError ? 'The body is not valid JSON.' : 'The body is not valid UTF-8.');
  }
}

function inspect(value: unknown, pointer: string, depth: number): void {
  const refuse = (detail: string): never => {
    throw new InvalidRequest([{ pointer, detail: `The value ${detail}.` }]);
  };
  if (depth > maxDepth) refuse(`is nested deeper than ${maxDepth} levels`);
  if (typeof value === 'string') {
    const fault = faultOfText(value);
    if (fault) refuse(fault);
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      refuse('is a number too large to be kept exactly');
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => inspect(item, `${pointer}/${index}`, depth + 1));
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const fault = faultOfText(name);
      if (fault) refuse(`has a name that ${fault}`);
      if (isReserved(name)) refuse(`may not have a member named ${name}`);
      inspect(item, `${pointer}/${escapePointer(name)}`, depth + 1);
    }
  }
}

/** RFC 6901. */
export const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
