import { randomBytes } from 'node:crypto';
import { parseLicenseKey } from '../../libs/license-key/license-key';
import { Records } from '../../src/activations/ports/records';
import type { LicenseState } from '../../src/licenses/domain/license';
import { aLicense, aLicenseKey, anActivation, aProduct, inDays, noon } from '../fixtures/aggregates';
import { mint } from '../fixtures/houses';
import { aShop, aTenant, contractOf } from './contract';

contractOf(Records, (house) => {
  /** A brand with a key that opens licenses, the first given being the oldest. */
  async function aKeyWith(...licenses: Partial<LicenseState>[]) {
    const { brandId, productId } = await aShop(house());
    const text = mint.mint('ACME').text;
    const { canonical } = parseLicenseKey(text)!;
    const [hash] = mint.hashesOf(canonical);
    const key = aLicenseKey({ brandId, hash: hash! });
    const made = licenses.map((part) => aLicense({ brandId, productId, licenseKeyId: key.state.id, ...part }));
    await house().work.run(brandId, async () => {
      await house().keys.save(key);
      for (const license of made) await house().licenses.save(license);
    });
    return { brandId, productId, key, inHand: { brandId, canonical }, ids: made.map(({ state }) => state.id) };
  }
  const sit = async (part: Parameters<typeof anActivation>[0] & object) => {
    const activation = anActivation(part);
    await house().work.run(activation.state.brandId, () => house().activations.save(activation));
    return activation.state;
  };

  it('tells what a verdict needs of the key, its license and the seat', async () => {
    const { brandId, key, inHand, ids } = await aKeyWith({ seatLimit: 3, seatsUsed: 1, startsAt: noon, entitlements: { a: [1, null] } });
    const seat = await sit({ brandId, licenseId: ids[0]!, instanceId: 'https://ä.example/"' });
    const { evidence, seats, at } = await house().records.about(inHand, seat.instanceId);
    expect(at).toBeInstanceOf(Date);
    expect(evidence?.hint).toBe(key.state.hint);
    expect(evidence?.licenses).toMatchObject([
      {
        id: ids[0],
        productCode: 'pro',
        status: 'valid',
        startsAt: noon,
        graceDays: 7,
        seatLimit: 3,
        seatsUsed: 1,
        entitlements: { a: [1, null] },
      },
    ]);
    const { id, licenseId, instanceId, activatedAt } = seat;
    expect(seats).toMatchObject([{ id, licenseId, instanceId, activatedAt }]);
  });

  it('names the licenses that count first: none that was cancelled, the newest before', async () => {
    const other = { productCode: 'lite' };
    const { brandId, productId, inHand, ids } = await aKeyWith(
      { status: 'cancelled' },
      { status: 'cancelled' },
      {},
      { ...other, status: 'cancelled' },
    );
    expect(productId).toBeDefined();
    const { evidence } = await house().records.about(inHand, undefined);
    expect(evidence?.licenses.map(({ id }) => id)).toEqual([ids[2], ids[3], ids[1], ids[0]]);
    expect(brandId).toBe(inHand.brandId);
  });

  it('counts as seats of an instance only those that it holds', async () => {
    const lite = aProduct();
    const { brandId, inHand, ids } = await aKeyWith({}, { status: 'cancelled', productCode: lite.state.code });
    const [pro, old] = ids as [string, string];
    const [one, two] = [await sit({ brandId, licenseId: pro, instanceId: 'a' }), await sit({ brandId, licenseId: old, instanceId: 'a' })];
    await sit({ brandId, licenseId: pro, instanceId: 'b' });
    await sit({ brandId, licenseId: pro, instanceId: 'c', deactivatedAt: inDays(1) });
    const seats = async (instance?: string) => (await house().records.about(inHand, instance)).seats.map(({ id }) => id).sort();
    expect(await seats('a')).toEqual([one.id, two.id].sort());
    expect(await seats('c')).toEqual([]);
    expect(await seats('A')).toEqual([]);
    expect(await seats()).toEqual([]);
  });

  it('knows a key without licenses, no other key, and none of another brand', async () => {
    const { inHand } = await aKeyWith();
    expect((await house().records.about(inHand, 'a')).evidence?.licenses).toEqual([]);
    const unknown = parseLicenseKey(mint.mint('ACME').text)!.canonical;
    expect((await house().records.about({ ...inHand, canonical: unknown }, 'a')).evidence).toBeNull();
    expect((await house().records.about({ ...inHand, brandId: await aTenant(house()) }, 'a')).evidence).toBeNull();
  });

  it('finds a key by what it was before its reissue, while that counts', async () => {
    const { brandId, key, inHand } = await aKeyWith({});
    const knows = async () => (await house().records.about(inHand, undefined)).evidence !== null;
    const { at } = await house().records.about(inHand, undefined);
    const hash = randomBytes(32);
    const until = (previousUntil: Date) =>
      house().work.run(brandId, () => house().keys.save(aLicenseKey({ ...key.state, hash, previousHash: key.state.hash, previousUntil })));
    await until(new Date(at.getTime() + 60_000));
    expect(await knows()).toBe(true);
    await until(new Date(at.getTime() - 1));
    expect(await knows()).toBe(false);
  });

  it('answers many at once, each what it asked', async () => {
    const many = await Promise.all(Array.from({ length: 5 }, () => aKeyWith({})));
    const asked = Array.from({ length: 40 }, (_, n) => many[n % many.length]!);
    const answers = await Promise.all(asked.map(({ inHand }) => house().records.about(inHand, 'a')));
    expect(answers.map(({ evidence }) => evidence?.licenses[0]?.id)).toEqual(asked.map(({ ids }) => ids[0]));
  });
});
