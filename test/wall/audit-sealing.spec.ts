import type { BrandId } from '../../libs/kernel/brand-id';
import { publicId } from '../../libs/kernel/id';
import { startTestService, type TestService } from '../../libs/testing/service';
import { auditOf } from '../fixtures/audit';

jest.setTimeout(60_000);

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

const { sql, seal, verify } = auditOf(() => service);

const uuid = (number: number) => `019ab000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
/** Brands by their number, the smallest before those that there are. */
const brand = (number: number) => publicId('brand', `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}` as BrandId);

/** Rows of these brands with their places to be sealed, as if each had been written. */
const write = (brands: [from: number, to: number], rows: number) =>
  sql(
    `with log as (
       insert into audit_logs (brand_id, id, actor, action, outcome, occurred_at)
       select ('00000000-0000-7000-8000-' || lpad(to_hex(brand), 12, '0'))::uuid, ('019ab000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
              'console', 'brand.updated', 'done', now()
         from generate_series($1::int, $2) brand, generate_series(1, $3::int) n returning brand_id, id
     )
     insert into audit_seals (brand_id, audit_log_id) select * from log`,
    [...brands, rows],
  );
/** Takes rows away whose turn has not come, and leaves their places. */
const takeAway = (brands: [from: number, to: number], upTo: number) =>
  sql(
    `delete from audit_logs where right(brand_id::text, 12) between lpad(to_hex($1::int), 12, '0') and lpad(to_hex($2::int), 12, '0') and id <= $3`,
    [...brands, uuid(upTo)],
  );
const sealed = async (from: number, to: number) => {
  const reports = [];
  for (let number = from; number <= to; number++) reports.push(await verify(brand(number)));
  return reports.map(({ rows, finding, waiting }) => [rows, finding?.tampering ?? null, waiting.count]);
};
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
afterEach(async () => {
  for (const table of ['audit_logs', 'audit_seals', 'audit_heads'])
    await sql(`delete from ${table} where brand_id < $1`, ['00000000-0000-7000-8001-000000000000']);
});

describe('Sealing', () => {
  it('comes to every brand, however many wait and however much the first of them has', async () => {
    await write([1, 1], 250);
    await write([2, 230], 1);
    await seal();
    expect(await sealed(1, 230)).toEqual([[250, null, 0], ...times(229, [1, null, 0])]);
  });

  it('is not held up by brands whose rows were taken away', async () => {
    await write([1, 100], 1);
    await takeAway([1, 100], 1);
    await write([101, 101], 1);
    await seal();
    expect(await sealed(100, 101)).toEqual([
      [0, 'deleted', 0],
      [1, null, 0],
    ]);
  });

  it('goes on behind rows that were taken away before their turn, which are told of by name', async () => {
    await write([1, 1], 205);
    await takeAway([1, 1], 201);
    await seal();
    const { rows, finding, waiting } = await verify(brand(1));
    expect([rows, waiting]).toEqual([4, { count: 0, isLate: false }]);
    expect(finding).toMatchObject({ tampering: 'deleted', sequence: null, id: uuid(1) });
  });
});
