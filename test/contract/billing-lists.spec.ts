import type { BrandId } from '../../libs/kernel/brand-id';
import { InvalidRequest } from '../../libs/http/refusals';
import { newId } from '../../libs/kernel/id';
import { eventCursorOf, listOfEvents } from '../../src/billing/adapters/provider-event-cursor';
import { PostgresListProviderEvents } from '../../src/billing/adapters/postgres-provider-event-queries';
import { PostgresListDrift, PostgresListPurchases } from '../../src/billing/adapters/postgres-purchase-queries';
import type { Drift } from '../../src/billing/domain/drift';
import type { PurchaseState } from '../../src/billing/domain/purchase';
import { ListDrift } from '../../src/billing/use-cases/list-drift';
import { ListProviderEvents } from '../../src/billing/use-cases/list-provider-events';
import { ListPurchases, type PurchaseFilter } from '../../src/billing/use-cases/list-purchases';
import { allBrands } from '../../src/identity';
import { aProviderEvent, aPurchase, inDays } from '../fixtures/aggregates';
import { postgresHouse } from '../fixtures/houses';
import { aTenant } from './contract';

describe('The lists of billing', () => {
  let house: Awaited<ReturnType<typeof postgresHouse>>;
  let [brandId, other]: BrandId[] = [];
  beforeAll(async () => {
    house = await postgresHouse();
  });
  beforeEach(async () => {
    [brandId, other] = [await aTenant(house), await aTenant(house)];
  });
  afterAll(() => house.close());

  it('show what the provider sent, newest first and without what it said, page by page', async () => {
    const add = (id: string, days: number, part = {}) => {
      const event = aProviderEvent({ brandId: brandId!, id, receivedAt: inDays(days), ...part });
      return house.work.run(event.brandId, () => house.inbox.add(event));
    };
    for (const id of ['evt_b', 'evt_a', 'evt_c']) await add(id, 1);
    await add('evt_new', 2);
    await add('evt_aside', 0, { status: 'set_aside', nextAttemptAt: null, error: 'no plan', subject: null });
    await add('evt_theirs', 3, { brandId: other });
    const list = async (cursor?: string, filter = {}) => {
      const cut = { limit: 2, after: eventCursorOf({ limit: 2, ...(cursor && { cursor }) }) };
      const page = await new PostgresListProviderEvents(house.db).execute(new ListProviderEvents(brandId!, filter, cut));
      return { page, object: listOfEvents(page, ({ id }) => id) };
    };
    const pages: string[][] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { object }: Awaited<ReturnType<typeof list>> = await list(cursor);
      pages.push(object.data);
      cursor = object.next_cursor;
    }
    expect(pages).toEqual([['evt_new', 'evt_c'], ['evt_b', 'evt_a'], ['evt_aside']]);
    const { page, object } = await list(undefined, { status: 'set_aside' });
    const { body: _, ...aside } = (await house.work.run(brandId!, () => house.inbox.find(brandId!, 'evt_aside')))!;
    expect(page.items).toEqual([aside]);
    expect(object).toEqual({ object: 'list', data: ['evt_aside'], has_more: false, next_cursor: null });
  });

  it.each(['x', '', 'MjAyNg', Buffer.from('2026-99-01T00:00:00.000Z evt_1').toString('base64url')])(
    'take no other cursor than their own: %p',
    (cursor) => {
      expect(() => eventCursorOf({ limit: 2, cursor })).toThrow(InvalidRequest);
    },
  );

  it('show what was bought, newest first, whole, and only what was asked for', async () => {
    const save = async (subject: string, part: Partial<PurchaseState> = {}) => {
      const purchase = aPurchase({ brandId: brandId!, id: newId(), subject, ...part });
      await house.work.run(purchase.state.brandId, () => house.purchases.save(purchase));
      return purchase.state;
    };
    const payments = [{ id: 'pi_1', refunded: false, dispute: 'none' as const }];
    const jane = await save('sub_1', { customerEmail: 'jane@example.com', customerId: 'cus_1', payments });
    const ann = await save('sub_2', { customerEmail: 'ann@example.com', customerId: 'cus_2', status: 'ended' });
    const again = await save('sub_3', { customerEmail: 'jane@example.com', customerId: 'cus_3', status: 'active' });
    await save('sub_1', { brandId: other!, customerEmail: 'jane@example.com' });
    const list = (filter: PurchaseFilter, after: string | null = null, limit = 2) =>
      new PostgresListPurchases(house.db).execute(new ListPurchases(brandId!, filter, { limit, after }));
    expect(await list({})).toEqual({ items: [again, ann], next: ann.id });
    expect(await list({}, ann.id)).toEqual({ items: [jane], next: null });
    expect((await list({ customerEmail: 'jane@example.com' })).items).toEqual([again, jane]);
    expect((await list({ customerId: 'cus_1' })).items).toEqual([jane]);
    expect((await list({ customerEmail: 'jane@example.com', status: 'active' })).items).toEqual([again]);
  });

  it('show drift, of a brand or of all, each cause with its age and all that there is to say', async () => {
    const seen = (reach: BrandId, subject: string, drifts: Drift[], days: number) =>
      house.work.run(reach, () => house.drifts.seen(reach, subject, drifts, inDays(days)));
    const list = async (reach: BrandId | typeof allBrands) => new PostgresListDrift(house.db).execute(new ListDrift(reach));
    await seen(brandId!, 'sub_2', [{ cause: 'license_missing', detail: 'a day' }], 1);
    await seen(other!, 'sub_1', [{ cause: 'seats_differ', detail: 'by 2' }], 0);
    const two: Drift[] = [
      { cause: 'license_missing', detail: 'Pro: two days.' },
      { cause: 'license_cancelled', detail: 'Pro.' },
      { cause: 'license_missing', detail: 'Lite: a day.' },
    ];
    await seen(brandId!, 'sub_2', two, 3);
    const mine = [
      { cause: 'license_missing', detail: 'Pro: two days. Lite: a day.', firstSeenAt: inDays(1) },
      { cause: 'license_cancelled', detail: 'Pro.', firstSeenAt: inDays(3) },
    ].map((drift) => ({ brandId, subject: 'sub_2', lastSeenAt: inDays(3), ...drift }));
    expect(await list(brandId!)).toEqual(mine);
    const theirs = { brandId: other, subject: 'sub_1', cause: 'seats_differ', firstSeenAt: inDays(0) };
    expect(await list(allBrands)).toMatchObject([theirs, ...mine]);
    await seen(brandId!, 'sub_2', [{ cause: 'license_cancelled', detail: 'Lite.' }], 4);
    expect(await list(brandId!)).toEqual([{ ...mine[1], detail: 'Lite.', lastSeenAt: inDays(4) }]);
  });
});
