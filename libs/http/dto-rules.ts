import { Transform } from 'class-transformer';
import { registerDecorator, ValidateIf, type ValidationArguments } from 'class-validator';
import { type IdKind, idPrefixes, parsePublicId } from '../kernel/id';
import { maxPairs } from '../kernel/json';

type Rule = (value: unknown, args: ValidationArguments) => string | null;

/** A rule that says what is wrong in words of its own; null when nothing is. */
function says(name: string, rule: Rule): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: property as string,
      validator: {
        validate: (value: unknown, args?: ValidationArguments) => rule(value, args!) === null,
        defaultMessage: (args?: ValidationArguments) => `${args!.property} ${rule(args!.value, args!)}`,
      },
    });
}

/** May be left out. Null is not the same as left out, and is checked like any value. */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** May be left out, or be null where null has a meaning. */
export const OptionalOrNull = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined && value !== null);

/** In characters, of which some are stored as two units. A text of no more units need not be counted. */
const isLonger = (text: string, max: number): boolean => text.length > max && [...text].length > max;

/** One line of text a person can read: up to `max` characters, not blank, no control characters. */
export const IsLine = (max: number): PropertyDecorator =>
  says('isLine', (value) => {
    if (typeof value !== 'string') return 'must be a string';
    if (value.trim() === '') return 'must not be blank';
    if (isLonger(value, max)) return `must have at most ${max} characters`;
    return /\p{Cc}/u.test(value) ? 'must not hold control characters' : null;
  });

const instant = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** A time as RFC 3339 writes it, with a zone, between the years 2000 and 2100. */
export const IsInstant = (): PropertyDecorator =>
  says('isInstant', (value) => {
    const parts = typeof value === 'string' ? instant.exec(value) : null;
    if (!parts) return 'must be a time like 2027-01-31T12:00:00Z (RFC 3339)';
    const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number];
    const exists = month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
    if (!exists || hour > 23 || minute > 59 || second > 59) return 'must be a time that exists';
    const at = new Date(value as string).getTime();
    return at >= Date.UTC(2000, 0) && at < Date.UTC(2100, 0) ? null : 'must lie between the years 2000 and 2100';
  });

/** A public id of that kind: `lic_…`. */
export const IsPublicId = (kind: IdKind): PropertyDecorator => says('isPublicId', (value) => faultOfId(kind, value));

export function faultOfId(kind: IdKind, value: unknown): string | null {
  if (typeof value === 'string' && parsePublicId(kind, value)) return null;
  return `must be an id that begins with ${idPrefixes[kind]}_`;
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Up to 50 pairs of strings; in a change, null deletes a pair. */
export const IsMetadata = ({ nulls = false } = {}): PropertyDecorator =>
  says('isMetadata', (value) => {
    if (!isPlainObject(value)) return 'must be an object of strings';
    const pairs = Object.entries(value);
    if (pairs.length > maxPairs) return `must have at most ${maxPairs} pairs`;
    for (const [name, item] of pairs) {
      if (name === '' || isLonger(name, 64)) return 'must have names of 1 to 64 characters';
      if (item === null && nulls) continue;
      if (typeof item !== 'string') return `must hold strings${nulls ? ' or null' : ''}: ${name} is none`;
      if (isLonger(item, 1000)) return `must hold strings of at most 1000 characters: ${name} is longer`;
    }
    return null;
  });

/** A JSON object of feature flags and limits, at most 8 KB. */
export const IsEntitlements = (): PropertyDecorator =>
  says('isEntitlements', (value) => {
    if (!isPlainObject(value)) return 'must be an object';
    return Buffer.byteLength(JSON.stringify(value)) > 8192 ? 'must have at most 8192 bytes as JSON' : null;
  });

/** Largest number of seats, and of days, that is a plan and not a mistake. */
export const maxSeats = 1_000_000;
export const maxDays = 36_500;

/** One spelling an e-mail address: what differs in case or in spaces around it is the same customer. */
export const Normalised = () =>
  Transform(({ value }) => (typeof value === 'string' ? value.trim().toLowerCase().normalize('NFC') : (value as unknown)));
