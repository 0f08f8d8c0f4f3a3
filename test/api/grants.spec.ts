import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrandId } from '../../libs/kernel/brand-id';
import { newId, parsePublicId } from '../../libs/kernel/id';
import { runAs } from '../../libs/persistence/provenance';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { extendGrace, grantPlan, resendKey } from '../../src/billing-commands';
import { LicenseNotFound } from '../../src/licenses';
import { readMail, type ReadMail } from '../fixtures/mails';
import { expectProblem } from './contract';

const key = /B\d+X(-[0-9A-Z]{5}){6}/;

describe('A plan that is granted by hand', () => {
  let service: TestService;
  let world: BrandWorld;
  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
    ok(await world.createProduct({ code: 'lite', name: 'Lite', entitlements: { lite: true } }));
  });
  afterAll(() => service.stop());

  const createPlan = async (body: object = {}) => {
    const grants = [
      { product_code: 'pro', seats: 3, entitlements: { sites: 3 } },
      { product_code: 'lite', seats: null },
    ];
    const plan = { code: 'team', name: 'Team', interval: 'month', grace_days: 5, grants, ...body };
    return ok(await world.call({ path: `/v1/brands/${world.slug}/plans`, body: plan }));
  };
  const grant = (body: object = {}) =>
    world.call({ path: `/v1/brands/${world.slug}/grants`, body: { plan_code: 'team', customer_email: 'Kim@Example.com', ...body } });
  const mails = async () => ok(await world.call({ path: `/v1/brands/${world.slug}/mails` })).data;
  function arrived(): ReadMail[] {
    const folder = join(service.dataDir, 'outbox');
    const all = (existsSync(folder) ? readdirSync(folder) : []).map((file) => readMail(readFileSync(join(folder, file), 'utf8')));
    return all.filter(({ headers }) => headers['message-id']!.includes(`@${world.slug}.latchkey`));
  }

  it('gives its licenses on a new key, which goes to the customer by mail and to nobody else', async () => {
    await createPlan();
    const answer = await grant({ quantity: 2, reason: 'won at the fair' });
    expect(answer.status).toBe(201);
    const { license_key, licenses } = answer.body;
    expect(license_key).toEqual({
      id: expect.stringMatching(/^key_/),
      hint: expect.stringMatching(/^B\d+X-…-/),
      customer_email: 'kim@example.com',
    });
    const shared = { origin: { by: 'support', plan: 'team', reference: null }, renews: false, metadata: { reason: 'won at the fair' } };
    expect(licenses).toMatchObject([
      { ...shared, product_code: 'pro', license_key_id: license_key.id, seats: { limit: 6 }, entitlements: { sites: 3 } },
      { ...shared, product_code: 'lite', license_key_id: license_key.id, seats: { limit: null }, entitlements: { lite: true } },
    ]);
    expect(answer.text).not.toMatch(key);

    await service.settle('mail');
    const [mail, ...others] = arrived();
    expect(others).toEqual([]);
    expect(mail!.headers).toMatchObject({ to: 'kim@example.com', subject: 'Your license key for Pro, Lite' });
    const [text] = key.exec(mail!.text)!;
    const verdict = ok(await service.call({ path: '/v1/licenses/verify', body: { license_key: text } }));
    expect(verdict).toMatchObject({ valid: true, license_key: license_key.hint });
    expect(service.logged.filter((line) => line.includes(text))).toEqual([]);
  });

  it.each([
    ['month', 28, 31],
    ['year', 365, 366],
  ])('ends after a %s', async (interval, least, most) => {
    await createPlan({ interval });
    const { licenses } = ok(await grant());
    const [{ created_at, expires_at, grace_until }] = licenses;
    const days = (Date.parse(expires_at) - Date.parse(created_at)) / 86_400_000;
    expect(days).toBeGreaterThanOrEqual(least);
    expect(days).toBeLessThanOrEqual(most);
    expect(Date.parse(grace_until) - Date.parse(expires_at)).toBe(5 * 86_400_000);
  });

  it('ends never for life, and otherwise when support says', async () => {
    await createPlan({ code: 'life', interval: 'lifetime', grants: [{ product_code: 'pro', seats: 1 }] });
    await createPlan();
    expect(ok(await grant({ plan_code: 'life' })).licenses).toMatchObject([{ expires_at: null }]);
    expect(ok(await grant({ expires_at: null })).licenses).toMatchObject([{ expires_at: null }, { expires_at: null }]);
    const until = '2099-05-01T00:00:00.000Z';
    for (const plan_code of ['life', 'team']) {
      expect(ok(await grant({ plan_code, expires_at: until })).licenses[0]).toMatchObject({ expires_at: until });
    }
  });

  it('may be one that is no longer sold', async () => {
    await createPlan();
    ok(await world.call({ method: 'PATCH', path: `/v1/brands/${world.slug}/plans/team`, body: { status: 'archived' } }));
    expect((await grant()).status).toBe(201);
  });

  it('is given once for an Idempotency-Key', async () => {
    await createPlan();
    const body = { plan_code: 'team', customer_email: 'kim@example.com' };
    const call = { path: `/v1/brands/${world.slug}/grants`, body, headers: { 'idempotency-key': 'gift-1' } };
    const [first, second] = [ok(await world.call(call)), ok(await world.call(call))];
    expect(second).toEqual(first);
    expect(await mails()).toHaveLength(1);
  });

  it('gives nothing and writes to nobody when it cannot be given', async () => {
    await createPlan();
    await createPlan({ code: 'open', grants: [{ product_code: 'lite', seats: null }] });
    expectProblem(await grant({ plan_code: 'other' }), 404, 'plan_not_found');
    expectProblem(await grant({ plan_code: 'open', quantity: 2 }), 422, 'quantity_not_possible', '/quantity');
    expectProblem(await grant({ quantity: 400_000 }), 422, 'quantity_not_possible', '/quantity');
    expectProblem(await grant({ customer_email: 'nobody' }), 400, 'invalid_request', '/customer_email');
    ok(await world.call({ method: 'PATCH', path: `/v1/brands/${world.slug}/products/lite`, body: { status: 'archived' } }));
    expectProblem(await grant(), 409, 'product_archived');
    expect(await mails()).toEqual([]);
    const found = ok(await world.call({ path: '/v1/licenses?email=kim@example.com' }));
    expect(found.data).toEqual([]);
  });

  describe('and what support does beside it, on the command line', () => {
    const brandId = () => parsePublicId('brand', world.brandId) as BrandId;
    const asConsole = <T>(work: () => Promise<T>) => runAs({ requestId: null, actor: 'console' }, work);

    it('grants a plan without showing the key', async () => {
      await createPlan();
      const gift = { plan: 'team', customerEmail: 'kim@example.com', quantity: 1, reason: undefined };
      const { json, text } = await asConsole(() => grantPlan(service.app, brandId(), gift));
      expect(json.licenses).toMatchObject([
        { product: 'pro', seats: 3 },
        { product: 'lite', seats: null },
      ]);
      expect(text).toMatch(/^The license key B\d+X-…-\w{5} goes to kim@example.com by mail.\nlic_\w+ {2}pro {2}3 seats {2}until 20/);
      expect(text + JSON.stringify(json)).not.toMatch(key);
      expect(await mails()).toMatchObject([{ template: 'key_issued', to: 'kim@example.com' }]);
    });

    it('lets a license work for longer, of whichever brand it is', async () => {
      const { licenses } = ok(
        await world.provision({
          customer_email: 'kim@example.com',
          licenses: [{ product_code: 'pro', expires_at: '2098-01-01T00:00:00Z' }],
        }),
      );
      const [{ id }] = licenses;
      const extended = await asConsole(() => extendGrace(service.app, parsePublicId('license', id)!, 3, 'pays late'));
      expect(extended.text).toBe('The license of pro works until 2098-01-11T00:00:00.000Z.');
      expect(ok(await world.call({ path: `/v1/licenses/${id}` }))).toMatchObject({ grace_until: '2098-01-11T00:00:00.000Z' });
      await expect(extendGrace(service.app, newId(), 3, undefined)).rejects.toThrow(LicenseNotFound);
    });

    it('sends a key again: the mail that waits, or else a new key', async () => {
      await createPlan();
      const { license_key } = ok(await grant());
      const resend = () => asConsole(() => resendKey(service.app, brandId(), parsePublicId('licenseKey', license_key.id)!));
      expect((await resend()).json).toEqual({ id: license_key.id, resent: 'waiting_mail' });
      await service.settle('mail');
      expect((await resend()).json).toEqual({ id: license_key.id, resent: 'reissued', hint: expect.stringMatching(/…/) });
    });
  });
});
