import { allEventKinds } from '../../../libs/kernel/domain-event';

/** Sent to try an endpoint; nothing happened, so it goes to that endpoint alone and to no other. */
export const testEventType = 'webhook_endpoint.test';

const form = /^(?=.{1,100}$)(\*|[a-z][a-z_]*(\.[a-z][a-z_]*)*(\.\*)?)$/;

/** Every pattern that lets the type through: `*`, each kind that it belongs to (`license.*`), and the type itself. */
export function patternsOf(type: string): string[] {
  const parts = type.split('.');
  const kinds = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`);
  return ['*', ...kinds, type];
}

/** What is wrong with a pattern, in words; null when there are events that it lets through. */
export function faultOfPattern(pattern: unknown): string | null {
  if (typeof pattern !== 'string' || !form.test(pattern)) return 'must hold types like license.renewed, kinds like license.*, or *';
  const known = allEventKinds().some(({ type }) => patternsOf(type).includes(pattern));
  return known ? null : `must hold types that exist (see /event-types): ${pattern} fits none`;
}
