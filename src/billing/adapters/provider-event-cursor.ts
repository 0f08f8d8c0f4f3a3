import type { ListObject, PageQuery } from '../../../libs/http/paging';
import { InvalidRequest } from '../../../libs/http/refusals';
import type { Page } from '../../../libs/kernel/page';
import type { ProviderEventEntry } from '../use-cases/list-provider-events';

/** A time and the provider's id of an event. */
const place = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [\x21-\x7e]+$/;

/** Where a list of the provider's events begins, which have no ids of ours; null for the first page. */
export function eventCursorOf({ cursor }: PageQuery): string | null {
  if (cursor === undefined) return null;
  const after = Buffer.from(cursor, 'base64url').toString();
  if (!place.test(after) || Number.isNaN(Date.parse(after.slice(0, 24))) || toCursor(after) !== cursor)
    throw new InvalidRequest([{ pointer: '?cursor', detail: 'cursor is not one that a list has answered' }]);
  return after;
}

export const listOfEvents = <Item>(
  { items, next }: Page<ProviderEventEntry>,
  view: (event: ProviderEventEntry) => Item,
): ListObject<Item> => ({
  object: 'list',
  data: items.map(view),
  has_more: next !== null,
  next_cursor: next === null ? null : toCursor(next),
});

const toCursor = (after: string): string => Buffer.from(after).toString('base64url');
