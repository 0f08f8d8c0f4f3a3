import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { expectProblem } from './contract';

describe('A license key that is reissued', () => {
  let service: TestService;
  let world: BrandWorld;
  const reissue = async (body: object = {}) => ok(await world.call({ path: `/v1/license-keys/${world.licenseKeyId}/reissue`, body }));
  const codeOf = async (key: string) => ok(await world.ask('verify', { license_key: key })).code;

  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
  });
  afterAll(() => service.stop());

  it('is another key under the same id, shown this once', async () => {
    const { key, ...reissued } = await reissue();
    expect(key).toMatch(/^B\d+X(-[0-9A-HJKMNP-TV-Z]{5}){6}$/);
    expect(key).not.toBe(world.licenseKey);
    expect(reissued).toMatchObject({ id: world.licenseKeyId, brand_id: world.brandId, customer_email: world.email });
    expect(reissued.hint).toBe(key.replace(/-.*-/, '-…-'));
    expect(reissued.reissued_at).not.toBeNull();
    expect((await world.provision({ license_key: world.licenseKeyId, licenses: [{ product_code: 'other' }] })).text).not.toContain(key);
  });

  it('kills the old one at once, unless told otherwise', async () => {
    const { key } = await reissue();
    expect([await codeOf(world.licenseKey), await codeOf(key)]).toEqual(['not_found', 'valid']);
    expectProblem(await world.ask('activate'), 404, 'license_not_found');
    expectProblem(await world.ask('deactivate'), 404, 'license_not_found');
    expectProblem(await world.provision({ license_key: world.licenseKey }), 404, 'license_key_not_found');
  });

  it('keeps licenses and seats', async () => {
    const { activation, license } = ok(await world.ask('activate'));
    const { key } = await reissue();
    const verdict = ok(await world.ask('verify', { license_key: key, instance_id: 'site-1' }));
    expect(verdict).toMatchObject({ code: 'valid', activation: { id: activation.id }, licenses: [{ id: license.id, seats: { used: 1 } }] });
    expect(await world.ask('activate', { license_key: key })).toMatchObject({ status: 200, body: { activation: { id: activation.id } } });
    expect(await world.ask('deactivate', { license_key: key })).toMatchObject({ body: { deactivated: true, seats: { used: 0 } } });
  });

  it('works beside the old one for the overlap, and alone after it', async () => {
    const { key } = await reissue({ overlap_seconds: 3 * 86_400 });
    expect(await world.ask('activate')).toMatchObject({ status: 201 });
    expect(await world.ask('activate', { license_key: key })).toMatchObject({ status: 200 });
    service.travel(2);
    expect([await codeOf(world.licenseKey), await codeOf(key)]).toEqual(['valid', 'valid']);
    service.travel(1.01);
    expect([await codeOf(world.licenseKey), await codeOf(key)]).toEqual(['not_found', 'valid']);
  });

  it('leaves two that work, never three', async () => {
    const second = await reissue({ overlap_seconds: 600 });
    const third = await reissue({ overlap_seconds: 600 });
    const codes = [await codeOf(world.licenseKey), await codeOf(second.key), await codeOf(third.key)];
    expect(codes).toEqual(['not_found', 'valid', 'valid']);
  });

  it('is one that the brand has', async () => {
    const nobodys = world.licenseKeyId.replace(/..$/, (end) => (end === '00' ? '11' : '00'));
    expectProblem(await world.call({ path: `/v1/license-keys/${nobodys}/reissue`, body: {} }), 404, 'license_key_not_found');
  });

  it('is never stored in full', async () => {
    const { key } = await reissue();
    const { rows } = await service.owner.query(
      'select license_keys::text as row from license_keys union all select outbox_events::text from outbox_events',
    );
    const middles = [key, world.licenseKey].map((one: string) => one.split('-')[2]!);
    expect(rows.filter(({ row }) => middles.some((middle) => row.includes(middle)))).toEqual([]);
  });
});
