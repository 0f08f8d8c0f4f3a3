import { CommandBus } from '@nestjs/cqrs';
import { newId, publicId } from '../../libs/kernel/id';
import { mintLicenseKey } from '../../libs/license-key/license-key';
import { type Answer, type Call, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, everyScope } from '../../libs/testing/world';
import { allBrands, IssueApiKey } from '../../src/identity';
import { documented, expectDocumented, expectProblem } from './contract';
import { callOf, type Furnished, furnish, type Input, operations, type Usage } from './operations';

let service: TestService;
/** Two brands that nothing may change; what changes something gets a brand of its own. */
let home: Furnished;
let stranger: BrandWorld;

beforeAll(async () => {
  service = await startTestService();
  home = await furnish(await createBrandWorld(service, { product: 'home_pro' }));
  stranger = await createBrandWorld(service, { product: 'stranger_pro' });
});
afterAll(() => service.stop());

it('covers every operation of the OpenAPI document, and nothing else', () => {
  expect(Object.keys(operations).sort()).toEqual([...documented.keys()].sort());
});

describe.each([...documented.values()].map((operation) => [operation.operationId, operation] as const))('%s', (id, operation) => {
  const usage = operations[id]!;
  if (!usage) return;
  const ask = (input: Input, more: Partial<Call> = {}) => service.call({ ...callOf(operation, input), ...more });
  const takes = (place: string, name: string) => operation.parameters?.some((one) => one.in === place && one.name === name) ?? false;
  const changes = operation.method !== 'GET';

  it('answers as documented', async () => {
    const world = await furnish(await createBrandWorld(service));
    const answer = await ask(usage.call(world), await credentialFor(world, usage));
    expect(answer).toMatchObject({ status: usage.status });
    expectDocumented(operation, answer);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-v]{26}$/);
    if (operation.path.startsWith('/v1')) expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  if (usage.bad !== 'takes no input') {
    const { pointer, ...bad } = usage.bad;
    it(`refuses bad input and points at ${pointer}`, async () => {
      const { params, query, body } = usage.call(home);
      const input = { params: { ...params, ...bad.params }, query: { ...query, ...bad.query } };
      const withBody = body || bad.body ? { ...input, body: { ...body, ...bad.body } } : input;
      const answer = await unchanged(() => ask(withBody, { key: keyFor(home, usage) }));
      expectProblem(answer, 400, 'invalid_request', pointer);
      expectDocumented(operation, answer);
    });
  }

  if (usage.by === 'license_key') {
    it('tells an unknown key from a mistyped one by nothing', async () => {
      const unknown = mintLicenseKey(home.licenseKey.split('-')[0]!);
      const ofNoBrand = mintLicenseKey('NOBRAND');
      const answers = [];
      for (const key of [unknown, mistyped(home.licenseKey), ofNoBrand, 'no key at all']) {
        const input = usage.call(home);
        answers.push(await unchanged(() => ask({ ...input, body: { ...input.body, license_key: key } })));
      }
      for (const answer of answers) {
        expect(anonymous(answer)).toEqual(anonymous(answers[0]!));
        if (id === 'verifyLicense') expect(answer).toMatchObject({ status: 200, body: { valid: false, code: 'not_found', licenses: [] } });
        else expectProblem(answer, 404, 'license_not_found');
        expectDocumented(operation, answer);
      }
    });

    it('opens nothing of a brand with the key of another', async () => {
      const input = usage.call(home);
      const answer = await unchanged(() => ask({ ...input, body: { ...input.body, license_key: stranger.licenseKey } }));
      if (id === 'verifyLicense')
        expect(answer).toMatchObject({ status: 200, body: { valid: false, code: 'product_mismatch', licenses: [] } });
      else expectProblem(answer, 404, 'product_mismatch');
      expectDocumented(operation, answer);
    });

    it('needs no API key, and listens to none', async () => {
      const world = await furnish(await createBrandWorld(service));
      expect(await ask(usage.call(world), { key: stranger.key })).toMatchObject({ status: usage.status });
    });
  }

  if (usage.by !== 'brand' && usage.by !== 'internal') return;
  const { scope } = usage;

  it('is refused without an API key', async () => {
    for (const key of ['', 'nonsense', home.licenseKey, mistyped(home.key)]) {
      const answer = await unchanged(() => ask(usage.call(home), { key }));
      expectProblem(answer, 401, 'unauthenticated');
      expectDocumented(operation, answer);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="latchkey"');
    }
  });

  it(`is refused to a key without the scope ${scope}`, async () => {
    const key =
      usage.by === 'brand' ? (await home.issueKey(everyScope.filter((one) => one !== scope))).secret : await operatorKey(['other']);
    const answer = await unchanged(() => ask(usage.call(home), { key }));
    expectProblem(answer, 403, 'scope_missing');
    expect(answer.body).toMatchObject({ scope });
    expectDocumented(operation, answer);
  });

  if (usage.by === 'internal') {
    it('is refused to every key of a brand', async () => {
      for (const key of [home.key, stranger.key]) {
        const answer = await unchanged(() => ask(usage.call(home), { key }));
        expectProblem(answer, 403, 'role_not_allowed');
        expect(answer.body).toMatchObject({ role: 'brand' });
        expectDocumented(operation, answer);
      }
    });
    return;
  }

  const named = Object.keys(usage.call({} as Furnished).params ?? {});

  it('shows another brand what it would show of something that does not exist', async () => {
    for (const { foreign, absent } of pairsOf(usage.call(home), takes('query', 'brand'))) {
      const theirs = await unchanged(() => ask(foreign, { key: stranger.key }));
      const nobodys = await ask(absent, { key: stranger.key });
      expect(nobodys.status).toBe(404);
      expectProblem(theirs, 404);
      expectDocumented(operation, theirs);
      expect(anonymous(theirs)).toEqual(anonymous(nobodys));
    }
  });

  if (operation.method === 'GET' && !named.some((name) => name !== 'brand')) {
    it('lists nothing of another brand', async () => {
      const { params, ...input } = usage.call(home);
      const answer = await ask({ ...input, ...(params && { params: { brand: stranger.slug } }) }, { key: stranger.key });
      expect(answer).toMatchObject({ status: 200, body: { object: 'list' } });
      expect(idsOf(home).filter((own) => answer.text.includes(own))).toEqual([]);
    });
  }

  it('is open to an operator who names the brand', async () => {
    const named = operation.path.includes('{brand}') ? ['slug', 'brandId'] : ['?slug', '?brandId'];
    for (const how of named) {
      const world = await furnish(await createBrandWorld(service));
      const name = world[how.replace('?', '') as 'slug' | 'brandId'];
      const { params, query, ...input } = usage.call(world);
      const place = how.startsWith('?')
        ? { params: params ?? {}, query: { ...query, brand: name } }
        : { params: { ...params, brand: name }, query: query ?? {} };
      const answer = await ask({ ...input, ...place }, { key: service.internalKey });
      expect(answer).toMatchObject({ status: usage.status });
      expectDocumented(operation, answer);
    }
  });

  if (!operation.path.includes('{brand}')) {
    it('hides the brand from an operator who names another one', async () => {
      const { query, ...input } = usage.call(home);
      const answer = await unchanged(() => ask({ ...input, query: { ...query, brand: stranger.slug } }, { key: service.internalKey }));
      if (answer.status === 200) expect(answer.body).toMatchObject({ object: 'list', data: [] });
      else expectProblem(answer, 404);
    });

    it(changes ? 'asks an operator for the brand' : 'answers an operator over all brands', async () => {
      const answer = await unchanged(() => ask(usage.call(home), { key: service.internalKey }));
      if (changes) expectProblem(answer, 400, 'brand_required', '?brand');
      else expect(answer).toMatchObject({ status: 200 });
      expectDocumented(operation, answer);
    });
  }
});

it('leads every problem to a page that explains it', async () => {
  for (const code of ['unauthenticated', 'scope_missing', 'invalid_request', 'brand_required', 'license_not_found']) {
    expect(await service.call({ path: `/problems/${code}` })).toMatchObject({ status: 200 });
  }
});

/** A key with the one scope that the operation says it needs, and no other. */
async function credentialFor(world: BrandWorld, usage: Usage): Promise<{ key?: string }> {
  if (usage.by === 'internal') return { key: await operatorKey([usage.scope]) };
  return usage.by === 'brand' ? { key: (await world.issueKey([usage.scope])).secret } : {};
}

const keyFor = (world: BrandWorld, { by }: Usage): string => (by === 'internal' ? service.internalKey : by === 'brand' ? world.key : '');

async function operatorKey(scopes: string[]): Promise<string> {
  const issue = new IssueApiKey(allBrands, { name: 'operator', scopes, expiresAt: null }, ['*']);
  return (await service.app.get(CommandBus).execute(issue)).secret;
}

/** Runs it and sees that no row was added, changed or removed; when a key was last used does not count. */
async function unchanged(act: () => Promise<Answer>): Promise<Answer> {
  const before = await rows();
  const answer = await act();
  expect(await rows()).toEqual(before);
  return answer;
}

async function rows(): Promise<unknown> {
  const { rows: tables } = await service.owner.query(
    `select table_name as name from information_schema.tables where table_schema = 'public'`,
  );
  const sums = tables.map(
    ({ name }) => `select '${name}' as name, count(*), md5(string_agg(row, ',' order by row)) as sum from
    (select (to_jsonb(t) - 'last_used_at')::text as row from "${name}" t) r`,
  );
  return (await service.owner.query(sums.join(' union all '))).rows;
}

/** A call with the names of a foreign thing, and the same call with the names of nothing, in every way that it can be named. */
function pairsOf({ params = {}, query = {}, ...input }: Input, brandInQuery: boolean): { foreign: Input; absent: Input }[] {
  const nobody = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, absentLike(value)]));
  const pairs = [];
  if (params.brand) {
    pairs.push({ foreign: { params }, absent: { params: nobody } });
    pairs.push({
      foreign: { params: { ...params, brand: home.brandId } },
      absent: { params: { ...nobody, brand: absentLike(home.brandId) } },
    });
  }
  const others = Object.keys(params).some((name) => name !== 'brand');
  const here = params.brand ? { brand: stranger.slug } : {};
  if (others) pairs.push({ foreign: { params: { ...params, ...here } }, absent: { params: { ...nobody, ...here } } });
  if (params.product) {
    const there = { ...here, product: home.productId };
    pairs.push({ foreign: { params: there }, absent: { params: { ...there, product: absentLike(home.productId) } } });
  }
  if (brandInQuery)
    pairs.push({ foreign: { params, query: { brand: home.slug } }, absent: { params: nobody, query: { brand: 'no-such-brand' } } });
  return pairs.map(({ foreign, absent }) => ({
    foreign: { ...input, ...foreign, query: { ...query, ...('query' in foreign ? foreign.query : {}) } },
    absent: { ...input, ...absent, query: { ...query, ...('query' in absent ? absent.query : {}) } },
  }));
}

const absentLike = (name: string): string =>
  /^[a-z]{3}_\w{26}$/.test(name) ? `${name.slice(0, 4)}${publicId('event', newId()).slice(4)}` : `no-such-${name}`;

const mistyped = (key: string): string => key.slice(0, -1) + (key.endsWith('2') ? '3' : '2');

const idsOf = (world: Furnished): string[] => {
  const { slug, brandId, keyId, spareKeyId, productId, licenseId, licenseKeyId, activationId, email } = world;
  return [slug, brandId, keyId, spareKeyId, productId, licenseId, licenseKeyId, activationId, email];
};

/** All of an answer, apart from which request it was and when. */
function anonymous({ status, headers, text }: Answer): unknown {
  const id = headers.get('x-request-id')!;
  const { date, 'x-request-id': _, ...others } = Object.fromEntries(headers);
  const timeless = text.replaceAll(id, 'REQUEST').replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"TIME"');
  return { status, others, timeless };
}
