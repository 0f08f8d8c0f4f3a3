import { CommandBus } from '@nestjs/cqrs';
import { newId, publicId } from '../../libs/kernel/id';
import { mintLicenseKey } from '../../libs/license-key/license-key';
import { type Answer, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, everyScope } from '../../libs/testing/world';
import { allBrands, IssueApiKey } from '../../src/identity';
import { documented, expectDocumented, expectProblem } from './contract';
import { callOf, type Furnished, furnish, type Input, operations, startStripe, type Usage } from './operations';

let service: TestService;
let stripe: Awaited<ReturnType<typeof startStripe>>;
/** Two brands that nothing may change; what changes something gets a brand of its own. */
let home: Furnished;
let stranger: BrandWorld;

beforeAll(async () => {
  stripe = await startStripe();
  service = await startTestService({ STRIPE_FAKE_URL: stripe.url });
  home = await furnish(await createBrandWorld(service, { product: 'home_pro' }));
  stranger = await createBrandWorld(service, { product: 'stranger_pro' });
});
afterAll(() => Promise.all([service.stop(), stripe.stop()]));

it('covers every operation of the OpenAPI document, and nothing else', () => {
  expect(Object.keys(operations).sort()).toEqual([...documented.keys()].sort());
});

describe.each([...documented.values()].map((operation) => [operation.operationId, operation] as const))('%s', (id, operation) => {
  const usage = operations[id]!;
  if (!usage) return;
  const changes = operation.method !== 'GET' && id !== 'verifyLicense';
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const brandInQuery = operation.parameters?.some((one) => one.in === 'query' && one.name === 'brand') ?? false;
  const byApiKey = usage.by === 'brand' || usage.by === 'internal';
  const isNoted = ({ status }: Answer) => byApiKey && (status === 403 || (operation.method !== 'GET' && status !== 401));
  const ask = (input: Input, key = '') => service.call({ ...callOf(operation, input), key });
  const world = async () => (changes ? furnish(await createBrandWorld(service)) : home);

  /**
   * That each of these is refused as documented, and that no row was added, changed or removed: but for the one of the audit log that
   * tells of it, where an API key was let in and then refused.
   */
  async function expectRefusals(calls: [Input, string?][], status: number, code?: string, pointer?: string): Promise<Answer[]> {
    const [before, noted] = [await rows(), await auditRows()];
    const answers = [];
    for (const [input, key] of calls) answers.push(await ask(input, key));
    for (const answer of answers) {
      expectProblem(answer, status, code, pointer);
      expectDocumented(operation, answer);
    }
    expect(await rows()).toEqual(before);
    const refusals = answers
      .filter(isNoted)
      .map(({ body: { code, request_id } }) => ({ outcome: 'refused', action: id, code, request_id }));
    expect((await auditRows()).slice(noted.length)).toMatchObject(refusals);
    return answers;
  }

  it('answers as documented', async () => {
    const here = await world();
    const answer = await ask(usage.call(here), await leastKeyFor(here, usage));
    expect(answer).toMatchObject({ status: usage.status });
    expectDocumented(operation, answer);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-v]{26}$/);
    if (operation.path.startsWith('/v1')) expect(answer.headers.get('cache-control')).toBe(usage.cached ? 'public, max-age=5' : 'no-store');
  });

  if (usage.bad !== 'takes no input') {
    const { pointer, ...bad } = usage.bad;
    it(`refuses bad input and points at ${pointer}`, async () => {
      const { params, query, body } = usage.call(home);
      const input = { params: { ...params, ...bad.params }, query: { ...query, ...bad.query } };
      const whole = body || bad.body ? { ...input, body: { ...body, ...bad.body } } : input;
      await expectRefusals([[whole, keyFor(home, usage)]], 400, 'invalid_request', pointer);
    });
  }

  if (usage.by === 'license_key') {
    const withKey = (license_key: string): Input => ({ body: { ...usage.call(home).body, license_key } });

    it('does not tell an unknown key from a mistyped one', async () => {
      const keys = [mintLicenseKey(home.licenseKey.split('-')[0]!), mistyped(home.licenseKey), mintLicenseKey('NOBODY'), 'no key at all'];
      if (changes) {
        const answers = await expectRefusals(
          keys.map((key) => [withKey(key)]),
          404,
          'license_not_found',
        );
        for (const answer of answers) expect(anonymous(answer)).toEqual(anonymous(answers[0]!));
      } else {
        const answers = await Promise.all(keys.map((key) => ask(withKey(key))));
        expect(answers[0]).toMatchObject({ status: 200, body: { valid: false, code: 'not_found', license_key: null, licenses: [] } });
        for (const answer of answers) expect(anonymous(answer)).toEqual(anonymous(answers[0]!));
      }
    });

    it('opens nothing of a brand with the key of another', async () => {
      const input = withKey(stranger.licenseKey);
      if (changes) await expectRefusals([[input]], 404, 'product_mismatch');
      else expect(await ask(input)).toMatchObject({ status: 200, body: { valid: false, code: 'product_mismatch', licenses: [] } });
    });

    it('needs no API key, and listens to none', async () => {
      expect(await ask(usage.call(await world()), stranger.key)).toMatchObject({ status: usage.status });
    });
  }

  if (usage.by !== 'brand' && usage.by !== 'internal') return;
  const { scope } = usage;

  it('is refused without an API key', async () => {
    const input = usage.call(home);
    const keys = ['', 'nonsense', home.licenseKey, mistyped(home.key)];
    const answers = await expectRefusals(
      keys.map((key) => [input, key]),
      401,
      'unauthenticated',
    );
    for (const { headers } of answers) expect(headers.get('www-authenticate')).toBe('Bearer realm="latchkey"');
  });

  it(`is refused to a key without the scope ${scope}`, async () => {
    const others = usage.by === 'brand' ? everyScope.filter((one) => one !== scope) : ['other'];
    const key = usage.by === 'brand' ? (await home.issueKey(others)).secret : await operatorKey(others);
    const [answer] = await expectRefusals([[usage.call(home), key]], 403, 'scope_missing');
    expect(answer!.body).toMatchObject({ scope });
  });

  if (usage.by === 'internal') {
    it('is refused to every key of a brand', async () => {
      const input = usage.call(home);
      const answers = await expectRefusals(
        [home.key, stranger.key].map((key) => [input, key]),
        403,
        'role_not_allowed',
      );
      for (const { body } of answers) expect(body).toMatchObject({ role: 'brand' });
    });
    return;
  }

  it('shows another brand what it would show of something that does not exist', async () => {
    for (const { foreign, absent } of waysToName(usage.call(home), brandInQuery)) {
      const [theirs, nobodys] = await expectRefusals(
        [
          [foreign, stranger.key],
          [absent, stranger.key],
        ],
        404,
      );
      expect(anonymous(theirs!)).toEqual(anonymous(nobodys!));
    }
  });

  if (!changes && inPath.every((name) => name === 'brand')) {
    it('lists nothing of another brand', async () => {
      const answer = await ask({ ...usage.call(home), params: { brand: stranger.slug } }, stranger.key);
      if (!usage.single) expect(answer).toMatchObject({ status: 200, body: { object: 'list' } });
      expect(namesOf(home).filter((own) => answer.text.includes(own))).toEqual([]);
    });
  }

  it.each(['slug', 'brandId'] as const)('is open to an operator who names the brand by its %s', async (name) => {
    const here = await world();
    const { params, query, ...input } = usage.call(here);
    const named = { brand: here[name] };
    const place = inPath.includes('brand') ? { params: { ...params, ...named } } : { params: params ?? {}, query: { ...query, ...named } };
    const answer = await ask({ ...input, ...place }, service.internalKey);
    expect(answer).toMatchObject({ status: usage.status });
    expectDocumented(operation, answer);
  });

  if (inPath.includes('brand')) return;

  it('hides the brand from an operator who names another one', async () => {
    const { query, ...input } = usage.call(home);
    const elsewhere = { ...input, query: { ...query, brand: stranger.slug } };
    if (inPath.length > 0) await expectRefusals([[elsewhere, service.internalKey]], 404);
    else expect(await ask(elsewhere, service.internalKey)).toMatchObject({ status: 200, body: { object: 'list', data: [] } });
  });

  it(changes ? 'asks an operator for the brand' : 'answers an operator over all brands', async () => {
    const input = usage.call(home);
    if (changes) await expectRefusals([[input, service.internalKey]], 400, 'brand_required', '?brand');
    else expectDocumented(operation, await ask(input, service.internalKey));
  });
});

/** A key with the one scope that the operation says it needs, and no other. */
async function leastKeyFor(world: BrandWorld, usage: Usage): Promise<string> {
  if (usage.by === 'internal') return operatorKey([usage.scope]);
  return usage.by === 'brand' ? (await world.issueKey([usage.scope])).secret : '';
}

const keyFor = (world: BrandWorld, { by }: Usage): string => (by === 'internal' ? service.internalKey : by === 'brand' ? world.key : '');

async function operatorKey(scopes: string[]): Promise<string> {
  const issue = new IssueApiKey(allBrands, { name: 'operator', scopes, expiresAt: null }, ['*']);
  return (await service.app.get(CommandBus).execute(issue)).secret;
}

/** What the audit log tells, in the order in which it was written. */
async function auditRows(): Promise<unknown[]> {
  return (await service.owner.query('select outcome, actor, action, code, request_id from audit_logs order by position')).rows;
}

/** A sum over every row of every table but the audit log; when a key was last used does not count. */
async function rows(): Promise<unknown> {
  const tables = await service.owner.query(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_name not like 'audit\\_%'`,
  );
  const sums = tables.rows.map(({ name }) => {
    const row = name === 'api_keys' ? `(to_jsonb(t) - 'last_used_at')::text` : 't::text';
    return `select '${name}' as name, count(*), sum(hashtextextended(${row}, 0)) from "${name}" t`;
  });
  return (await service.owner.query(sums.join(' union all '))).rows;
}

/** Every way to name a thing of the home brand, each beside the same way to name nothing. */
function waysToName({ params = {}, query = {}, ...input }: Input, brandInQuery: boolean): { foreign: Input; absent: Input }[] {
  const [inBrand, things] = ['brand' in params, Object.keys(params).filter((name) => name !== 'brand')];
  const here = inBrand ? { brand: stranger.slug } : {};
  const ways: Input[] = [
    ...(inBrand ? [{ params }, { params: { ...params, brand: home.brandId } }] : []),
    ...(things.length > 0 ? [{ params: { ...params, ...here } }] : []),
    ...('product' in params ? [{ params: { ...here, product: home.productId } }] : []),
    ...(brandInQuery ? [{ params, query: { brand: home.slug } }] : []),
  ];
  const absent = (names: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(names).map(([place, name]) => [place, name === stranger.slug ? name : absentLike(name)]));
  return ways.map((way) => ({
    foreign: { ...input, ...way, query: { ...query, ...way.query } },
    absent: { ...input, params: absent(way.params), query: { ...query, ...absent(way.query) } },
  }));
}

const absentLike = (name: string): string =>
  /^[a-z]{3}_\w{26}$/.test(name) ? `${name.slice(0, 4)}${publicId('event', newId()).slice(4)}` : `no-such-${name}`;

const mistyped = (key: string): string => key.slice(0, -1) + (key.endsWith('2') ? '3' : '2');

const namesOf = (world: Furnished): string[] => {
  const {
    slug,
    brandId,
    keyId,
    spareKeyId,
    productId,
    licenseId,
    licenseKeyId,
    activationId,
    endpointId,
    planId,
    mailId,
    purchaseId,
    email,
  } = world;
  return [
    slug,
    brandId,
    keyId,
    spareKeyId,
    productId,
    licenseId,
    licenseKeyId,
    activationId,
    endpointId,
    planId,
    mailId,
    purchaseId,
    email,
  ];
};

/** All of an answer, apart from which request it was and when. */
function anonymous({ status, headers, text }: Answer): unknown {
  const id = headers.get('x-request-id')!;
  const { date: _, 'x-request-id': __, ...others } = Object.fromEntries(headers);
  const timeless = text.replaceAll(id, 'REQUEST').replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"TIME"');
  return { status, others, timeless };
}
