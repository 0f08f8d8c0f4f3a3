import { setTimeout as sleep } from 'node:timers/promises';
import type { BrandId } from '../../libs/kernel/brand-id';
import { secondsAfter } from '../../libs/kernel/clock';
import { newId } from '../../libs/kernel/id';
import { Replay } from '../../src/billing/domain/replay';
import { type ClaimedSubject, Inbox, type InboxEvent, type Outcome } from '../../src/billing/ports/inbox';
import { allBrands } from '../../src/identity';
import { aProviderEvent, noon } from '../fixtures/aggregates';
import { aTenant, contractOf } from './contract';

const after = (seconds: number) => secondsAfter(noon, seconds);

contractOf(Inbox, (house) => {
  let brandId: BrandId;
  beforeEach(async () => {
    brandId = await aTenant(house());
    // What other tests left is out of the way.
    for (let left = 1; left > 0;) {
      const claimed = await claimAll(after(1e6));
      for (const one of claimed) await settle(one, done(one));
      left = claimed.length;
    }
  });
  const run = <T>(work: () => Promise<T>, reach = brandId) => house().work.run(reach, work);
  const add = (part: Partial<InboxEvent> = {}) => {
    const event = aProviderEvent({ brandId, ...part });
    return run(() => house().inbox.add(event), event.brandId);
  };
  const find = (id: string, reach = brandId) => run(() => house().inbox.find(reach, id), reach);
  const claimAll = (at = noon, limit = 100) => house().work.run(allBrands, () => house().inbox.claim(allBrands, limit, 30, at));
  const lease = (subject: string, at = noon) => run(() => house().inbox.lease(brandId, subject, 30, at));
  const holds = (one: ClaimedSubject) => run(() => house().inbox.holds(one), one.brandId);
  const settle = (one: ClaimedSubject, outcomes: Outcome[] = [], at = noon) =>
    run(() => house().inbox.settle(one, outcomes, at), one.brandId);
  const done = ({ events }: ClaimedSubject): Outcome[] => events.map(({ id }) => ({ id, status: 'done' }));
  const idsOf = (some: readonly ClaimedSubject[]) =>
    Object.fromEntries(some.map(({ subject, events }) => [subject, events.map(({ id }) => id)]));

  it('gives back what came, to its brand alone', async () => {
    const event = aProviderEvent({ brandId, body: Buffer.from([0, 255, 1]), error: 'so', attempts: 2, createdAt: null });
    expect(await add(event)).toBe(true);
    expect(await find('evt_1')).toEqual(event);
    const aside = aProviderEvent({ brandId, id: 'evt_2', subject: null, status: 'set_aside', nextAttemptAt: null, processedAt: noon });
    await add(aside);
    expect(await find('evt_2')).toEqual(aside);
    expect(await find('evt_3')).toBeNull();
    expect(await find('evt_1', await aTenant(house()))).toBeNull();
  });

  it('takes an event once, however often and at once it comes; another brand may have one of the same name', async () => {
    expect((await Promise.all([add(), add(), add()])).sort()).toEqual([false, false, true]);
    expect(await add({ type: 'another' })).toBe(false);
    expect(await find('evt_1')).toMatchObject({ type: 'customer.subscription.updated' });
    expect(await add({ brandId: await aTenant(house()) })).toBe(true);
  });

  it('hands over all that waits about what is due, oldest first, and nothing else', async () => {
    await add({ id: 'evt_later', nextAttemptAt: after(60), createdAt: after(-9) });
    await add({ id: 'evt_due', createdAt: after(-10) });
    await add({ id: 'evt_untimed', createdAt: null, receivedAt: after(-8), nextAttemptAt: after(60) });
    await add({ id: 'evt_done', status: 'done', nextAttemptAt: null });
    await add({ id: 'evt_not_due', subject: 'sub_2', nextAttemptAt: after(1) });
    await add({ id: 'evt_ignored', subject: null, status: 'ignored', nextAttemptAt: null });
    const claimed = await claimAll();
    expect(claimed).toEqual([{ brandId, subject: 'sub_1', lease: expect.any(String), events: expect.any(Array) }]);
    expect(idsOf(claimed)).toEqual({ sub_1: ['evt_due', 'evt_later', 'evt_untimed'] });
    expect(claimed[0]!.events[0]).toEqual(await find('evt_due'));
  });

  it('hands over at most 200 of a purchase at once', async () => {
    for (let n = 0; n < 203; n++) await add({ id: `evt_${n}`, createdAt: after(n) });
    const [first] = await claimAll();
    expect(first!.events.map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, n) => `evt_${n}`));
    await settle(first!, done(first!));
    expect(idsOf(await claimAll())).toEqual({ sub_1: ['evt_200', 'evt_201', 'evt_202'] });
  });

  it('has one worker look at a purchase at a time, until its lease is over', async () => {
    await add();
    const [claimed] = await claimAll();
    expect(await claimAll(after(29))).toEqual([]);
    expect(await lease('sub_1', after(29))).toBeNull();
    const [next] = await claimAll(after(30));
    expect([await holds(claimed!), await holds(next!)]).toEqual([false, true]);
  });

  it('lets nobody end or use a lease that another has taken over', async () => {
    await add();
    const [lost] = await claimAll();
    const next = (await lease('sub_1', after(30)))!;
    await settle(lost!);
    expect([await holds(lost!), await holds(next)]).toEqual([false, true]);
    expect(await claimAll(after(31))).toEqual([]);
  });

  it('hands each purchase to one of many that claim at once', async () => {
    for (let n = 0; n < 20; n++) await add({ id: `evt_${n}`, subject: `sub_${n % 10}` });
    const claimed = (await Promise.all(Array.from({ length: 6 }, () => claimAll()))).flat();
    expect(claimed.map(({ subject }) => subject).sort()).toEqual(Array.from({ length: 10 }, (_, n) => `sub_${n}`));
    expect(claimed.flatMap(({ events }) => events)).toHaveLength(20);
    for (const one of claimed) expect(await holds(one)).toBe(true);
  });

  it('hands over nothing that another worker is just writing down, too late for its lease', async () => {
    await add();
    const [late] = await claimAll();
    let wrote = () => {};
    const written = new Promise<void>((resolve) => (wrote = resolve));
    const first = run(async () => {
      await house().inbox.settle(late!, done(late!), noon);
      wrote();
      await sleep(100);
    });
    await written;
    expect(await claimAll(after(31))).toEqual([]);
    await first;
    expect(await lease('sub_1', after(31))).toMatchObject({ events: [] });
  });

  it('claims no more than it is asked for, those that wait for longest; brands take turns', async () => {
    const other = await aTenant(house());
    for (let n = 0; n < 4; n++) await add({ id: `evt_${n}`, subject: `sub_${n}`, nextAttemptAt: after(-10 - n) });
    await add({ brandId: other, subject: 'sub_theirs' });
    expect(Object.keys(idsOf(await claimAll(noon, 2))).sort()).toEqual(['sub_3', 'sub_theirs']);
    expect(Object.keys(idsOf(await claimAll(noon, 2))).sort()).toEqual(['sub_1', 'sub_2']);
    expect(Object.keys(idsOf(await claimAll(noon, 2)))).toEqual(['sub_0']);
  });

  it('leases a purchase about which nothing waits, to one of those who ask at once, and frees it when it is settled', async () => {
    const leases = await Promise.all([lease('sub_1'), lease('sub_1'), lease('sub_1')]);
    const [mine, ...others] = leases.filter((one) => one !== null);
    expect(others).toEqual([]);
    expect(mine).toEqual({ brandId, subject: 'sub_1', lease: expect.any(String), events: [] });
    await add();
    expect(await claimAll()).toEqual([]);
    await settle(mine!);
    expect(await holds(mine!)).toBe(false);
    expect(await lease('sub_1')).toMatchObject({ events: [{ id: 'evt_1' }] });
    expect(await holds({ ...mine!, lease: newId() })).toBe(false);
  });

  it('writes down what became of each event', async () => {
    const ids = ['evt_done', 'evt_ignored', 'evt_aside', 'evt_again', 'evt_elsewhere', 'evt_untold'];
    for (const id of ids) await add({ id, attempts: 1, error: 'before' });
    const elsewhere = await aTenant(house());
    await add({ brandId: elsewhere, id: 'evt_done' });
    const [one] = (await claimAll()).filter((claimed) => claimed.brandId === brandId);
    const outcomes: Outcome[] = [
      { id: 'evt_done', status: 'done' },
      { id: 'evt_ignored', status: 'ignored' },
      { id: 'evt_aside', status: 'set_aside', error: 'no plan' },
      { id: 'evt_again', status: 'waiting', error: 'away', nextAttemptAt: after(60) },
      { id: 'evt_elsewhere', status: 'waiting', error: null, nextAttemptAt: after(1), subject: 'sub_2' },
    ];
    await settle(one!, outcomes, after(1));
    const through = { attempts: 2, subject: 'sub_1', nextAttemptAt: null, processedAt: after(1) };
    const open = { status: 'waiting', attempts: 2, processedAt: null };
    expect(await find('evt_done')).toMatchObject({ ...through, status: 'done', error: null });
    expect(await find('evt_ignored')).toMatchObject({ ...through, status: 'ignored', error: null });
    expect(await find('evt_aside')).toMatchObject({ ...through, status: 'set_aside', error: 'no plan' });
    expect(await find('evt_again')).toMatchObject({ ...open, subject: 'sub_1', error: 'away', nextAttemptAt: after(60) });
    expect(await find('evt_elsewhere')).toMatchObject({ ...open, subject: 'sub_2', error: null, nextAttemptAt: after(1) });
    expect(await find('evt_untold')).toMatchObject({ status: 'waiting', attempts: 1, error: 'before', nextAttemptAt: noon });
    expect(await find('evt_done', elsewhere)).toMatchObject({ status: 'waiting' });
    expect(idsOf(await claimAll(after(1)))).toEqual({ sub_1: ['evt_again', 'evt_untold'], sub_2: ['evt_elsewhere'] });
  });

  it('has an event processed again, as if it had come just now', async () => {
    await add({ status: 'set_aside', error: 'no plan', attempts: 7, nextAttemptAt: null, processedAt: noon });
    const event = (await find('evt_1'))!;
    await run(() => house().inbox.replay(Replay.of(event, after(5)), after(5)));
    const anew = { status: 'waiting', error: null, attempts: 0, nextAttemptAt: after(5), processedAt: null } as const;
    expect(await find('evt_1')).toEqual({ ...event, ...anew });
    expect(idsOf(await claimAll(after(5)))).toEqual({ sub_1: ['evt_1'] });
  });

  it('makes due what waits for later, of the brand and of those purchases alone', async () => {
    const other = await aTenant(house());
    await add({ id: 'evt_1', nextAttemptAt: after(60) });
    await add({ id: 'evt_2', subject: 'sub_2', nextAttemptAt: after(60) });
    await add({ id: 'evt_3', subject: 'sub_3', nextAttemptAt: after(60) });
    await add({ id: 'evt_due', nextAttemptAt: after(-60) });
    await add({ id: 'evt_done', status: 'done', nextAttemptAt: null });
    await add({ brandId: other, nextAttemptAt: after(60) });
    await run(() => house().inbox.hurry(brandId, ['sub_1', 'sub_2'], noon));
    await run(() => house().inbox.hurry(brandId, [], noon));
    const next = async (id: string, reach = brandId) => (await find(id, reach))!.nextAttemptAt;
    expect(await Promise.all(['evt_1', 'evt_2', 'evt_3', 'evt_due', 'evt_done'].map((id) => next(id)))).toEqual([
      noon,
      noon,
      after(60),
      after(-60),
      null,
    ]);
    expect(await next('evt_1', other)).toEqual(after(60));
  });
});
