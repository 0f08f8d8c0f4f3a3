import { parseLicenseKey } from '../../libs/license-key/license-key';
import { runAs } from '../../libs/persistence/provenance';
import { Activation } from '../../src/activations/domain/activation';
import { type Decision, Seats } from '../../src/activations/ports/seats';
import { LicenseNotFound, ProductMismatch, SeatLimitReached } from '../../src/licenses';
import { aLicense, aLicenseKey } from '../fixtures/aggregates';
import { mint } from '../fixtures/houses';
import { aShop, aTenant, contractOf } from './contract';

contractOf(Seats, (house) => {
  async function aKey(seatLimit = 2) {
    const { brandId, productId } = await aShop(house());
    const { canonical } = parseLicenseKey(mint.mint('ACME').text)!;
    const key = aLicenseKey({ brandId, hash: mint.hashesOf(canonical)[0]! });
    const part = { brandId, productId, licenseKeyId: key.state.id, seatLimit, seatCeiling: seatLimit };
    const [old, license] = [aLicense({ ...part, status: 'cancelled' }), aLicense(part)];
    await house().work.run(brandId, async () => {
      await house().keys.save(key);
      await house().licenses.save(old);
      await house().licenses.save(license);
    });
    return { brandId, inHand: { brandId, canonical }, licenseId: license.state.id };
  }
  type Key = Awaited<ReturnType<typeof aKey>>;

  const sit: Decision = (license, known, at) => {
    if (known?.holdsSeat) return null;
    license.takeSeat(at);
    if (!known) return Activation.open(license.state, { id: 'a' }, at);
    known.restore(license.state, { id: 'a' }, at);
    return known;
  };
  const leave: Decision = (license, known, at) => {
    license.freeSeat(at);
    known!.end(license.state, at);
    return known;
  };
  const decide = ({ inHand }: Key, instanceId: string, decision: Decision, productCode = 'pro', key = inHand) =>
    runAs({ requestId: 'req_1', actor: 'license_key' }, () => house().seats.decide({ key, productCode, instanceId }, decision));
  const opens =
    (id: string): Decision =>
    (license, known, at) => {
      if (known?.holdsSeat) return null;
      license.takeSeat(at);
      return known ?? Activation.open(license.state, { id }, at);
    };
  const stored = async ({ brandId, licenseId }: Key, instanceId: string) =>
    house().work.run(brandId, async () => ({
      used: (await house().licenses.find(brandId, licenseId))!.seatsUsed,
      activation: (await house().activations.ofInstance(brandId, licenseId, instanceId))?.state ?? null,
    }));

  it('keeps the license and the activation as they were decided', async () => {
    const key = await aKey();
    const { license, activation } = await decide(key, 'a', sit);
    expect(license).toMatchObject({ id: key.licenseId, seatsUsed: 1, version: 2 });
    expect(await stored(key, 'a')).toEqual({ used: 1, activation: activation!.state });

    const left = await decide(key, 'a', leave);
    expect(left.activation!.state.id).toBe(activation!.state.id);
    expect(await stored(key, 'a')).toMatchObject({ used: 0, activation: { deactivatedAt: left.activation!.state.deactivatedAt } });
  });

  it('shows the decision what is there, and changes nothing when nothing is decided', async () => {
    const key = await aKey();
    await decide(key, 'a', sit);
    const { license, activation } = await decide(key, 'a', (license, known, at) => {
      expect([license.state.seatsUsed, known?.holdsSeat, at instanceof Date]).toEqual([1, true, true]);
      return null;
    });
    expect([license.version, activation]).toEqual([2, null]);
    await decide(key, 'b', (_, known) => (expect(known).toBeNull(), null));
  });

  it('keeps nothing of what was refused', async () => {
    const key = await aKey(1);
    await decide(key, 'a', sit);
    await expect(decide(key, 'b', opens('b'))).rejects.toThrow(SeatLimitReached);
    expect(await stored(key, 'b')).toEqual({ used: 1, activation: null });
  });

  it('tells a key that does not exist from a product that the key does not unlock, and knows no other brand', async () => {
    const key = await aKey();
    const canonical = parseLicenseKey(mint.mint('ACME').text)!.canonical;
    await expect(decide(key, 'a', sit, 'pro', { ...key.inHand, canonical })).rejects.toThrow(LicenseNotFound);
    await expect(decide(key, 'a', sit, 'lite')).rejects.toThrow(ProductMismatch);
    const brandId = await aTenant(house());
    await expect(decide(key, 'a', sit, 'pro', { ...key.inHand, brandId })).rejects.toThrow(LicenseNotFound);
  });

  it('decides many at once, each upon what those before it left', async () => {
    const [one, other] = [await aKey(3), await aKey(3)];
    const names = Array.from({ length: 12 }, (_, n) => [n % 2 === 0 ? one : other, `i${n >> 2}`] as const);
    const settled = await Promise.allSettled(names.map(([key, name]) => decide(key, name, opens(name))));
    expect(settled.map(({ status }) => status)).toEqual(names.map(() => 'fulfilled'));
    expect(await stored(one, 'i0')).toMatchObject({ used: 3 });
    expect(await stored(other, 'i2')).toMatchObject({ used: 3, activation: { instanceId: 'i2' } });
  });

  it('fails no neighbour of a call that fails', async () => {
    const key = await aKey(9);
    const broken: Decision = () => {
      throw new TypeError('a mistake of ours');
    };
    const unstorable: Decision = (license, _, at) => {
      license.takeSeat(at);
      return Activation.open(license.state, { id: 'c', name: 'NUL \0' }, at);
    };
    const calls = [decide(key, 'a', opens('a')), decide(key, 'b', broken), decide(key, 'c', unstorable), decide(key, 'd', opens('d'))];
    const [a, b, , d] = await Promise.allSettled(calls);
    expect([a!.status, b!.status, d!.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await stored(key, 'd')).activation?.instanceId).toBe('d');
    expect((await stored(key, 'b')).activation).toBeNull();
  });

  it('joins the unit of work that is open', async () => {
    const key = await aKey();
    const undone = house().work.run(key.brandId, async () => {
      await decide(key, 'a', sit);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    if (house().work === (house() as { db?: unknown }).db) expect(await stored(key, 'a')).toEqual({ used: 0, activation: null });
  });
});
