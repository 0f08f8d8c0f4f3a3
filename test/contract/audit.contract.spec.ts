import { createPublicKey, verify } from 'node:crypto';
import type { BrandId } from '../../libs/kernel/brand-id';
import { newId } from '../../libs/kernel/id';
import { AuditLog } from '../../libs/persistence/audit-log';
import { Vault } from '../../libs/vault/vault';
import { withOwner } from '../../libs/testing/database';
import { allBrands } from '../../src/identity';
import { PostgresAuditChain } from '../../src/audit/adapters/postgres-audit-chain';
import { genesis, type Head, type Seal } from '../../src/audit/domain/audit-chain';
import { AuditChain } from '../../src/audit/ports/audit-chain';
import { Signatures } from '../../src/audit/ports/signatures';
import { inDays, noon } from '../fixtures/aggregates';
import { postgresHouse } from '../fixtures/houses';
import { aTenant } from './contract';

// Only PostgreSQL has it: what the chain is for is to tell what became of a database.
describe(`${AuditChain.name} in PostgreSQL`, () => {
  let house: Awaited<ReturnType<typeof postgresHouse>>;
  let chain: AuditChain;
  let brandId: BrandId;
  beforeAll(async () => {
    house = await postgresHouse();
    chain = new PostgresAuditChain(house.db);
  });
  beforeEach(async () => {
    brandId = await aTenant(house);
    await write(4);
  });
  afterAll(() => house.close());

  const inBrand = <T>(work: () => Promise<T>): Promise<T> => house.work.run(brandId, work);
  const write = (times: number) =>
    inBrand(async () => {
      for (let i = 0; i < times; i++) {
        await new AuditLog(house.db).refused({ brandId, action: 'renewLicense', target: `lic_${i}`, code: 'license_not_found' });
      }
    });
  const first: Head = { sequence: 0, hash: genesis, signature: Buffer.from('first'), keyVersion: 1, signedAt: noon };
  const sealOf = (id: string, sequence: number): Seal => ({
    id,
    sequence,
    hash: Buffer.from(`hash ${sequence}`),
    signature: Buffer.from(`signature ${sequence}`),
    keyVersion: 2,
  });
  const headAt = (sequence: number): Head => ({ ...sealOf(newId(), sequence), signedAt: inDays(1) });
  const withoutId = ({ sequence, hash, signature, keyVersion, signedAt }: Head) => ({ sequence, hash, signature, keyVersion, signedAt });

  const sealAll = () =>
    inBrand(async () => {
      await chain.hold(brandId, first);
      const rows = await chain.unsealed(brandId, 100);
      const seals = rows.map(({ id }, i) => sealOf(id, i + 1));
      await chain.append(brandId, seals, headAt(seals.length));
      return { rows, seals };
    });

  it('tells the rows that wait, in the order in which they were written, and which brands have some', async () => {
    const rows = await inBrand(() => chain.unsealed(brandId, 100));
    expect(rows.map(({ target }) => target)).toEqual(['lic_0', 'lic_1', 'lic_2', 'lic_3']);
    expect(rows[1]).toMatchObject({ brand_id: brandId, outcome: 'refused', code: 'license_not_found', before: null });
    expect(rows[1]!.occurred_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(await inBrand(() => chain.unsealed(brandId, 2))).toEqual(rows.slice(0, 2));
    expect(await inBrand(() => chain.waiting(brandId))).toEqual({ count: 4, isLate: false });
    const waiting = (after: BrandId | null = null, limit = 100) => house.work.run(allBrands, () => chain.brandsWaiting(after, limit));
    const all = await waiting();
    expect(all).toContain(brandId);
    expect(all).toEqual([...all].sort());
    expect(await waiting(brandId)).toEqual(all.slice(all.indexOf(brandId) + 1));
    expect(await waiting(null, 1)).toEqual(all.slice(0, 1));
    await sealAll();
    expect(await waiting()).not.toContain(brandId);
    expect(await inBrand(() => chain.waiting(brandId))).toEqual({ count: 0, isLate: false });
  });

  it('keeps the seals and the head, and gives them back in pieces', async () => {
    expect(await inBrand(() => chain.head(brandId))).toBeNull();
    const { rows, seals } = await sealAll();
    expect(await inBrand(() => chain.unsealed(brandId, 100))).toEqual([]);
    expect(await inBrand(() => chain.head(brandId))).toEqual(withoutId(headAt(4)));
    expect(await inBrand(() => chain.sealsAfter(brandId, 1, 2))).toEqual(seals.slice(1, 3));
    const sealed = seals.map((seal, i) => ({ ...seal, row: rows[i] }));
    expect(await inBrand(() => chain.sealedAfter(brandId, 0, 100))).toEqual(sealed);
    expect(await inBrand(() => chain.sealedAfter(brandId, 2, 1))).toEqual([sealed[2]]);
    expect(await inBrand(() => chain.beyondHead(brandId))).toBeNull();
    expect(await inBrand(() => chain.hasRowFrom(brandId, 4))).toBe(true);
    expect(await inBrand(() => chain.hasRowFrom(brandId, 5))).toBe(false);
  });

  it('is held by one at a time', async () => {
    await inBrand(async () => {
      expect(await chain.hold(brandId, first)).toEqual(first);
    });
    let release = (): void => undefined;
    const held = new Promise<void>((done) => (release = done));
    let ready = (): void => undefined;
    const holding = new Promise<void>((done) => (ready = done));
    const one = inBrand(async () => {
      await chain.hold(brandId, first);
      ready();
      await held;
    });
    await holding;
    expect(await inBrand(() => chain.hold(brandId, first))).toBeNull();
    release();
    await one;
    expect(await inBrand(() => chain.hold(brandId, { ...first, sequence: 9 }))).toEqual(first);
  });

  it('seals no row twice', async () => {
    const { rows } = await sealAll();
    await expect(inBrand(() => chain.append(brandId, [sealOf(rows[0]!.id, 5)], headAt(5)))).rejects.toThrow(/sealed by somebody/);
    expect(await inBrand(() => chain.head(brandId))).toEqual(withoutId(headAt(4)));
  });

  it('shows no other brand', async () => {
    const { rows } = await sealAll();
    const other = await aTenant(house);
    expect(await house.work.run(other, () => chain.sealsAfter(brandId, 0, 100))).toEqual([]);
    expect(rows.every((row) => row.brand_id === brandId)).toBe(true);
  });

  it('finds every brand once, one after the other', async () => {
    const found: BrandId[] = [];
    const next = (last: BrandId | null): Promise<BrandId | null> => house.work.run(allBrands, () => chain.brandAfter(last));
    for (let brand = await next(null); brand !== null; brand = await next(brand)) found.push(brand);
    expect(found).toContain(brandId);
    expect(found).toEqual([...new Set(found)].sort());
  });

  it('finds a row without a place for a seal, piece by piece', async () => {
    await sealAll();
    const look = (after: string | null) => inBrand(() => chain.withoutSeal(brandId, after, 3));
    const { found, next } = await look(null);
    expect(found).toBeNull();
    expect(next).not.toBeNull();
    expect(await look(next)).toEqual({ found: null, next: null });
    const [{ id }] = await withOwner(house.name, async (owner) => {
      const sql = 'delete from audit_seals where brand_id = $1 and sequence = 2 returning audit_log_id as id';
      return (await owner.query<{ id: string }>(sql, [brandId])).rows as [{ id: string }];
    });
    expect((await look(null)).found).toBe(id);
  });

  it('finds a row that is gone before its seal came, and passes over it', async () => {
    const gone = () => inBrand(() => chain.goneUnsealed(brandId));
    expect(await gone()).toBeNull();
    const [first, second, ...others] = await inBrand(() => chain.unsealed(brandId, 100));
    await withOwner(house.name, (owner) =>
      owner.query('delete from audit_logs where brand_id = $1 and id = any($2)', [brandId, [first!.id, second!.id]]),
    );
    expect(await gone()).toBe([first!.id, second!.id].sort()[0]);
    expect(await inBrand(() => chain.unsealed(brandId, 2))).toEqual(others);
    expect(await inBrand(() => chain.waiting(brandId))).toEqual({ count: 2, isLate: false });
  });

  it('finds the first row since a time, piece by piece', async () => {
    await sealAll();
    const since = (at: Date, after = 0, limit = 100) => inBrand(() => chain.firstSince(brandId, at, after, limit));
    expect(await since(new Date(0))).toEqual({ found: 1, next: null });
    expect(await since(new Date('2099-01-01'), 0, 3)).toEqual({ found: null, next: 3 });
    expect(await since(new Date('2099-01-01'), 3, 3)).toEqual({ found: null, next: null });
    expect(await since(new Date(0), 2)).toEqual({ found: 3, next: null });
  });
});

describe(`${Signatures.name} of the vault`, () => {
  const signatures: Signatures = new Vault({ all: [{ version: 3, secret: 'the secret of the contract, long enough for it' }] });

  it('are checked by the key that made them, and by anybody who has the public one', () => {
    const { version, signature } = signatures.sign(Buffer.from('here'));
    expect(version).toBe(3);
    expect(signatures.verify(Buffer.from('here'), 3, signature)).toBe(true);
    expect(signatures.verify(Buffer.from('there'), 3, signature)).toBe(false);
    expect(signatures.verify(Buffer.from('here'), 4, signature)).toBe(false);
    expect(verify(null, Buffer.from('here'), createPublicKey(signatures.publicKey(3)), signature)).toBe(true);
  });
});
