import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';

/** Each step lives on from the one before. */
describe('A license through its whole life', () => {
  let service: TestService;
  let world: BrandWorld;
  let key: string;
  beforeAll(async () => {
    service = await startTestService();
    world = await createBrandWorld(service, { seats: 2 });
    key = world.licenseKey;
  });
  afterAll(() => service.stop());

  const seat = (instance_id: string, license_key = key) => ({ license_key, product_code: world.product, instance_id });
  const activate = (instance: string) => service.call({ path: '/v1/licenses/activate', body: seat(instance) });
  const deactivate = (instance: string) => service.call({ path: '/v1/licenses/deactivate', body: seat(instance) });
  const verify = async (instance?: string, license_key = key) =>
    ok(await service.call({ path: '/v1/licenses/verify', body: { license_key, ...(instance && { instance_id: instance }) } }));
  const manage = (path: string, body: object) => world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}${path}`, body });
  const codesOf = ({ reasons }: { reasons: { code: string }[] }) => reasons.map(({ code }) => code);

  it('is provisioned: valid for a year, on no instance yet', async () => {
    const license = ok(await world.call({ path: `/v1/licenses/${world.licenseId}` }));
    expect(license).toMatchObject({ status: 'valid', seats: { limit: 2, used: 0, remaining: 2 }, customer_email: world.email });
    const days = (Date.parse(license.expires_at) - Date.parse(license.created_at)) / 86_400_000;
    expect(days).toBe(365);
    expect(await verify()).toMatchObject({ valid: true, code: 'valid' });
    expect(await verify('shop')).toMatchObject({ valid: false, code: 'not_activated' });
  });

  it('is activated on a shop, and keeps its seat when the shop asks again', async () => {
    const first = await activate('shop');
    const again = await activate('shop');
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.activation.id).toBe(first.body.activation.id);
    expect(await verify('shop')).toMatchObject({ valid: true, code: 'valid', activation: { id: first.body.activation.id } });
  });

  it('ends after a year, and works on in its days of grace, on new instances too', async () => {
    service.travel(366);
    const verdict = await verify('shop');
    expect(verdict).toMatchObject({ valid: true, code: 'valid_in_grace' });
    expect(Date.parse(verdict.refresh_after)).toBeLessThanOrEqual(Date.parse(verdict.licenses[0].grace_until));
    expect((await activate('blog')).status).toBe(201);
    expect(await activate('third')).toMatchObject({ status: 409, body: { code: 'seat_limit_reached', limit: 2, used: 2 } });
  });

  it('is over after the grace: nothing runs, nothing is activated, and seats can still be given back', async () => {
    service.travel(7);
    expect(await verify('shop')).toMatchObject({ valid: false, code: 'expired' });
    expect(await activate('shop')).toMatchObject({ status: 403, body: { code: 'license_expired' } });
    expect((await deactivate('blog')).body).toEqual({ deactivated: true, seats: { limit: 2, used: 1, remaining: 1 } });
  });

  it('is renewed from today, and the shop runs again in the seat that it kept', async () => {
    const renewed = ok(await manage('/renew', { extend_days: 30 }));
    const { checked_at, ...verdict } = await verify('shop');
    expect(verdict).toMatchObject({ valid: true, code: 'valid' });
    expect(Math.round((Date.parse(renewed.expires_at) - Date.parse(checked_at)) / 86_400_000)).toBe(30);
  });

  it('is suspended, which stops everything but leaving, and resumed', async () => {
    ok(await manage('/status', { status: 'suspended', reason: 'chargeback' }));
    expect(codesOf(await verify('blog'))).toEqual(['suspended', 'not_activated']);
    expect(await activate('blog')).toMatchObject({ status: 403, body: { code: 'license_suspended' } });
    expect((await deactivate('shop')).body.deactivated).toBe(true);
    ok(await manage('/status', { status: 'valid' }));
    expect((await activate('shop')).status).toBe(201);
    expect(await verify('shop')).toMatchObject({ valid: true });
  });

  it('moves from the shop to the blog', async () => {
    expect((await deactivate('shop')).body.deactivated).toBe(true);
    expect((await deactivate('shop')).body.deactivated).toBe(false);
    expect((await activate('blog')).status).toBe(201);
    expect([(await verify('shop')).code, (await verify('blog')).code]).toEqual(['not_activated', 'valid']);
  });

  it('gets a new key for a leaked one, which ends a day later, and the blog keeps its seat', async () => {
    const leaked = key;
    const reissue = { path: `/v1/license-keys/${world.licenseKeyId}/reissue`, body: { overlap_seconds: 86_400 } };
    key = ok(await world.call(reissue)).key;
    expect([(await verify('blog', leaked)).code, (await verify('blog')).code]).toEqual(['valid', 'valid']);
    service.travel(2);
    expect([(await verify('blog', leaked)).code, (await verify('blog')).code]).toEqual(['not_found', 'valid']);
  });

  it('is cancelled for good', async () => {
    ok(await manage('/status', { status: 'cancelled' }));
    expect(await verify('blog')).toMatchObject({ valid: false, code: 'cancelled' });
    expect(await activate('blog')).toMatchObject({ status: 403, body: { code: 'license_cancelled' } });
    expect(await manage('/status', { status: 'valid' })).toMatchObject({ status: 409, body: { code: 'cancelled_is_final' } });
    expect(await manage('/renew', { extend_days: 1 })).toMatchObject({ status: 409, body: { code: 'cancelled_is_final' } });
    expect((await deactivate('blog')).body).toEqual({ deactivated: true, seats: { limit: 2, used: 0, remaining: 2 } });
  });

  it('leaves its key to the license that is bought next', async () => {
    const bought = { customer_email: world.email, license_key: key, licenses: [{ product_code: world.product }] };
    ok(await world.call({ path: `/v1/brands/${world.slug}/licenses`, body: bought }));
    expect((await activate('blog')).status).toBe(201);
    expect(await verify('blog')).toMatchObject({ valid: true, code: 'valid', licenses: [{ code: 'valid' }, { code: 'cancelled' }] });
  });
});
