import { listOf } from '../objects/objects';
import type { List } from '../objects/objects';
import type { Params } from './params';

interface Listed {
  readonly id: string;
  readonly created?: number;
}

/** A page of a list: newest first, from a cursor on. */
export function page<T extends Listed>(all: Iterable<T>, params: Params, url: string): List<T> {
  const limit = params.integer('limit') ?? 10;
  if (limit < 1 || limit > 100) throw params.wrong('limit', 'This value must be between 1 and 100', 'parameter_invalid_integer');
  const newest = [...all].reverse().filter(createdWithin(params));
  const after = params.text('starting_after');
  const before = params.text('ending_before');
  if (before !== undefined) {
    const rest = newest.slice(0, indexOf(newest, before, params, 'ending_before'));
    return { ...listOf(rest.slice(-limit), url), has_more: rest.length > limit };
  }
  const rest = after === undefined ? newest : newest.slice(indexOf(newest, after, params, 'starting_after') + 1);
  return { ...listOf(rest.slice(0, limit), url), has_more: rest.length > limit };
}

function indexOf(list: readonly Listed[], id: string, params: Params, name: string): number {
  const at = list.findIndex((each) => each.id === id);
  if (at < 0) throw params.noSuch(id.split('_')[0]!, name, id);
  return at;
}

/** `created` as a time, or as gt, gte, lt, lte. */
function createdWithin(params: Params): (each: Listed) => boolean {
  if (!params.has('created')) return () => true;
  if (typeof params.values.created === 'string') {
    const exact = params.integer('created');
    return ({ created }) => created === exact;
  }
  const bounds = params.group('created');
  const [gt, gte, lt, lte] = ['gt', 'gte', 'lt', 'lte'].map((name) => bounds.integer(name));
  return ({ created = 0 }) =>
    created > (gt ?? -Infinity) && created >= (gte ?? -Infinity) && created < (lt ?? Infinity) && created <= (lte ?? Infinity);
}

/** Keeps what has the value of the parameter, if it is given. */
export const where = <T>(all: Iterable<T>, value: string | undefined, of: (each: T) => unknown): T[] =>
  [...all].filter((each) => value === undefined || of(each) === value);
