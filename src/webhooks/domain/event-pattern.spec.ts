import './events';
import { faultOfPattern, patternsOf } from './event-pattern';

describe('A filter of events', () => {
  it.each([
    ['license.renewed', ['*', 'license.*', 'license.renewed']],
    ['a.b.c', ['*', 'a.*', 'a.b.*', 'a.b.c']],
    ['ping', ['*', 'ping']],
  ])('lets %s through by any of %j', (type, patterns) => {
    expect(patternsOf(type)).toEqual(patterns);
  });

  it.each(['*', 'webhook_endpoint.*', 'webhook_endpoint.created'])('may be %s', (pattern) => {
    expect(faultOfPattern(pattern)).toBeNull();
  });

  it.each([
    '',
    '**',
    '.*',
    '*.created',
    'webhook_endpoint.',
    'webhook_endpoint.**',
    'Webhook_endpoint.*',
    'a b',
    `${'a'.repeat(99)}.*`,
    7,
    null,
  ])('is never %j, which has no form', (pattern) => {
    expect(faultOfPattern(pattern)).toContain('like license.*');
  });

  it.each(['webhook.*', 'webhook_endpoint.exploded', 'webhook_endpoint', 'w.*'])(
    'is never %s, which fits no event that there is',
    (pattern) => {
      expect(faultOfPattern(pattern)).toContain(`${pattern} fits none`);
    },
  );
});
