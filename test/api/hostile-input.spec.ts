import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { type Answer, type Call, startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { bodySchemaOf, documented, expectProblem } from './contract';
import { callOf, furnish, operations, startStripe } from './operations';
import { type Heard, say } from './wire';

let service: TestService;
let stripe: Awaited<ReturnType<typeof startStripe>>;
let world: BrandWorld;
let stranger: BrandWorld;
/** Connections that are held open as slowly as can be; what became of them is looked at last. */
let slow: Promise<Heard[]>;
/** Every answer, but for those that are meant to hold a new secret. */
const answers: string[] = [];

beforeAll(async () => {
  stripe = await startStripe();
  service = await startTestService({ STRIPE_FAKE_URL: stripe.url });
  slow = Promise.all(
    [
      ['GET /health HTTP/1.1\r\nHost: x\r\nx-slow: ', 'a'],
      ['POST /v1/licenses/verify HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{', ' '],
      [
        'POST /v1/licenses/verify HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
        '1\r\n \r\n',
      ],
      ['GET /health HT', ''],
    ].map(([begin, more]) => say(service.url, begin!, more)),
  );
  world = await createBrandWorld(service);
  stranger = await createBrandWorld(service);
});
afterAll(() => Promise.all([service.stop(), stripe.stop()]));

async function ask(call: Call): Promise<Answer> {
  const answer = await service.call(call);
  answers.push(answer.text);
  return answer;
}
const asBrand = (call: Call) => ask({ key: world.key, ...call });
const wire = async (bytes: string | Buffer) => {
  const heard = await say(service.url, bytes);
  answers.push(heard.text);
  return heard;
};

let codes = 0;
const newCode = () => `code-${++codes}`;
const products = () => `/v1/brands/${world.slug}/products`;
const postProduct = (body: string | Buffer, headers: Record<string, string> = {}) => asBrand({ path: products(), body, headers });
/** A product that is right but for this text among its members. */
const productWith = (members: string) => postProduct(`{"code":"${newCode()}","name":"P",${members}}`);
const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
const padded = (bytes: number) => `{"code":"${newCode()}","name":"P"}`.padEnd(bytes);

describe('A body is refused, and the place is named,', () => {
  it.each([
    ['a NUL', '"name":"a\\u0000b"', '/name'],
    ['a NUL in a name', '"entitlements":{"a":{"\\u0000":1}}', '/entitlements/a'],
    ['half of a surrogate pair', '"metadata":{"note":"\\ud83d"}', '/metadata/note'],
    ['the other half', '"metadata":{"note":"\\ude00\\ud83d"}', '/metadata/note'],
    ['half of a surrogate pair in a name', '"metadata":{"\\udc00":"a"}', '/metadata'],
    ['1e400', '"seat_limit":1e400', '/seat_limit'],
    ['1e400 in free JSON', '"entitlements":{"limits":[1e400]}', '/entitlements/limits/0'],
    ['an integer that would be rounded', '"entitlements":{"n":9007199254740993}', '/entitlements/n'],
    ['a huge integer', `"seat_limit":${'9'.repeat(400)}`, '/seat_limit'],
    ['1.5 for an integer', '"seat_limit":1.5', '/seat_limit'],
    ['an integer over int4', '"seat_limit":2147483648', '/seat_limit'],
    ['an integer as a string', '"seat_limit":"3"', '/seat_limit'],
    ['a negative number', '"grace_days":-1', '/grace_days'],
    ['null where it means nothing', '"grace_days":null', '/grace_days'],
    ['33 levels', `"entitlements":{"a":${nested(31)}}`, `/entitlements/a${'/0'.repeat(31)}`],
    ['100,000 levels', `"entitlements":{"a":${nested(100_000)}}`, `/entitlements/a${'/0'.repeat(31)}`],
    ['__proto__', '"__proto__":{"admin":true}', ''],
    ['__proto__ deeper', '"metadata":{"__proto__":"x"}', '/metadata'],
    ['constructor', '"entitlements":{"constructor":{"prototype":{}}}', '/entitlements'],
    ['a name that objects answer to', '"entitlements":{"toString":true}', '/entitlements'],
    ['an unknown field', '"sead_limit":3', '/sead_limit'],
    ['an unknown field with a slash', '"a/b":3', '/a~1b'],
    ['an array for an object', '"metadata":["a"]', '/metadata'],
    [
      '51 pairs of metadata',
      `"metadata":${JSON.stringify(Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v'])))}`,
      '/metadata',
    ],
    ['a pair that is no string', '"metadata":{"a":{"b":"c"}}', '/metadata'],
    ['entitlements over 8 KB', `"entitlements":{"a":"${'x'.repeat(8185)}"}`, '/entitlements'],
    ['entitlements over 8 KB in bytes', `"entitlements":{"a":"${'é'.repeat(4093)}"}`, '/entitlements'],
  ])('for %s', async (_, members, pointer) => {
    expectProblem(await productWith(members), 400, 'invalid_request', pointer);
  });

  it.each([
    ['null', 'null'],
    ['an array', '[]'],
    ['a string', '"{}"'],
    ['a number', '1'],
  ])('when it is %s', async (_, body) => {
    expectProblem(await postProduct(body), 400, 'invalid_request', '');
    expectProblem(await ask({ path: '/v1/licenses/verify', body }), 400, 'invalid_request', '');
  });

  it('when it is empty', async () => {
    expectProblem(await ask({ path: '/v1/licenses/verify', body: '' }), 400, 'invalid_request', '/license_key');
  });

  it.each([
    ['invalid UTF-8', Buffer.from([...Buffer.from('{"name":"'), 0xff, ...Buffer.from('"}')])],
    ['an encoded surrogate', Buffer.from([...Buffer.from('{"name":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')])],
    ['UTF-16', Buffer.from('\ufeff{"name":"P"}', 'utf16le')],
    ['gzip', gzipSync('{"name":"P"}')],
    ['no JSON', Buffer.from("{'name':'P'}")],
    ['half a JSON', Buffer.from('{"name":')],
    ['two JSONs', Buffer.from('{}{}')],
    ['a raw NUL', Buffer.from('{"name":"\0"}')],
  ])('when it is %s', async (what, body) => {
    const headers = what === 'gzip' ? { 'content-encoding': 'gzip' } : undefined;
    expectProblem(await postProduct(body, headers), 400, 'malformed_body', '');
  });

  it('when grants are no objects', async () => {
    for (const licenses of [
      '[[{"product_code":"pro"}]]',
      '[[]]',
      '[null]',
      '["pro"]',
      '[7]',
      '{"0":{"product_code":"pro"}}',
      '[]',
      '"pro"',
      'null',
    ]) {
      const body = `{"customer_email":"a@example.com","licenses":${licenses}}`;
      const answer = await asBrand({ path: `/v1/brands/${world.slug}/licenses`, body });
      expectProblem(answer, 400, 'invalid_request');
      expect(answer.body.errors[0].pointer).toMatch(/^\/licenses/);
    }
  });
});

describe('A body is accepted', () => {
  it.each([
    ['of 32 levels', `"entitlements":{"a":${nested(30)}}`],
    ['with 50 pairs of metadata', `"metadata":${JSON.stringify(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'v'])))}`],
    ['with entitlements of 8 KB', `"entitlements":{"a":"${'x'.repeat(8184)}"}`],
    ['with text of every plane', '"metadata":{"😀":"\\ud83d\\ude00 漢 e\\u0301"}'],
  ])('%s', async (_, members) => {
    const { status, body } = await productWith(members);
    expect(status).toBe(201);
    expect(body).toMatchObject(JSON.parse(`{${members}}`));
  });

  it('of 256 KB, and of one byte more it is not', async () => {
    expect(await postProduct(padded(262_144))).toMatchObject({ status: 201 });
    expectProblem(await postProduct(padded(262_145)), 413, 'body_too_large');
    expectProblem(await postProduct(padded(2_000_000)), 413, 'body_too_large');
  });

  it('behind a byte order mark', async () => {
    expect(await postProduct(`\ufeff${padded(40)}`)).toMatchObject({ status: 201 });
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON'])(
    'as %s',
    async (type) => {
      expect(await postProduct(padded(40), { 'content-type': type })).toMatchObject({ status: 201 });
    },
  );

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'application/merge-patch+json', 'json', '*/*'])(
    'but not as %s',
    async (type) => {
      expectProblem(await postProduct(padded(40), { 'content-type': type }), 415, 'unsupported_media_type');
    },
  );

  it('but not without a type', async () => {
    const head = `POST ${products()} HTTP/1.1\r\nHost: x\r\nconnection: close\r\nx-api-key: ${world.key}\r\ncontent-length: 2\r\n\r\n{}`;
    expectProblem(await wire(head), 415, 'unsupported_media_type');
  });
});

describe('A time', () => {
  const renew = (expiresAt: unknown) =>
    asBrand({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}/renew`, body: { expires_at: expiresAt } });

  it.each([
    ['2026-02-30T00:00:00Z'],
    ['2027-02-29T00:00:00Z'],
    ['2027-13-01T00:00:00Z'],
    ['2027-00-10T00:00:00Z'],
    ['2027-01-01T24:00:00Z'],
    ['2027-01-01T00:60:00Z'],
    ['2028-12-31T23:59:60Z'],
    ['1999-12-31T23:59:59Z'],
    ['2100-01-01T00:00:00Z'],
    ['2099-12-31T23:59:59-00:01'],
    ['2027-01-01T00:00:00'],
    ['2027-01-01'],
    ['2027-01-01 00:00:00Z'],
    ['+002027-01-01T00:00:00Z'],
    ['2027-01-01T00:00:00+24:00'],
    [' 2027-01-01T00:00:00Z'],
    ['tomorrow'],
    [''],
    [1_800_000_000],
    [['2027-01-01T00:00:00Z']],
    [{ $date: 0 }],
  ])('is refused: %j', async (time) => {
    expectProblem(await renew(time), 400, 'invalid_request', '/expires_at');
  });

  it('is understood in every zone and told in UTC', async () => {
    const times = { '2098-01-01T00:00:00+01:00': '2097-12-31T23:00:00.000Z', '2098-02-28t23:59:59.123456z': '2098-02-28T23:59:59.123Z' };
    for (const [given, told] of Object.entries(times)) expect(ok(await renew(given)).expires_at).toBe(told);
  });
});

describe('An e-mail address', () => {
  const provision = (email: unknown) => world.provision({ customer_email: email });
  const long = `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(59)}.example`;

  it.each([
    ['JANE@EXAMPLE.COM', 'jane@example.com'],
    ['  jane@example.com\n', 'jane@example.com'],
    ['Jané@Example.com', 'jané@example.com'],
    ['jane\u0301@example.com', 'ján\u00e9@example.com'.replace('á', 'a')],
    ['a@bücher.example', 'a@bücher.example'],
    ['"a b"@example.com', '"a b"@example.com'],
    [long, long],
  ])('is one customer however it is written: %j', async (given, stored) => {
    const { license_key, licenses } = ok(await provision(given));
    expect([license_key.customer_email, licenses[0].customer_email]).toEqual([stored, stored]);
    const found = await asBrand({ path: `/v1/brands/licenses?email=${encodeURIComponent(given)}` });
    expect(found.body.data.map(({ id }: { id: string }) => id)).toContain(licenses[0].id);
  });

  it.each([
    'jane',
    'jane@',
    '@example.com',
    'jane@localhost',
    'a b@example.com',
    'Jane <jane@example.com>',
    'a@b@c.example',
    '',
    ' ',
    7,
    null,
    ['a@b.co'],
    {},
    `${'a'.repeat(65)}@example.com`,
    `b${long}`,
  ])('is refused: %j', async (email) => {
    expectProblem(await provision(email), 400, 'invalid_request', '/customer_email');
  });
});

describe('A query string', () => {
  const list = (query: string, key = world.key) => ask({ path: `/v1/licenses?${query}`, key });

  it.each([
    ['limit=0', '?limit'],
    ['limit=101', '?limit'],
    ['limit=1.5', '?limit'],
    ['limit=-1', '?limit'],
    ['limit=', '?limit'],
    ['limit=ten', '?limit'],
    ['limit=1e99', '?limit'],
    ['limit=5&limit=6', '?limit'],
    ['email=a%40example.com&email=b%40example.com', '?email'],
    ['brand=a&brand=b', '?brand'],
    ['status=valid&status=valid', '?status'],
    ['limits=5', '?limits'],
    ['limit[]=5', '?limit[]'],
    ['email[$ne]=x', '?email[$ne]'],
    ['__proto__=1', '?__proto__'],
    ['constructor=1', '?constructor'],
    ['toString=1', '?toString'],
    ['status=expired', '?status'],
    ['expires_before=2027-02-30T00:00:00Z', '?expires_before'],
    ['product=%00', '?product'],
    ['email=%00', '?email'],
    ['%00=1', '?\0'],
    ['cursor=', '?cursor'],
    ['cursor=garbage', '?cursor'],
    [`cursor=${'A'.repeat(23)}`, '?cursor'],
    [`cursor=${'A'.repeat(21)}B`, '?cursor'],
    [`cursor=${'A'.repeat(5000)}`, '?cursor'],
    ['cursor=%27%20or%201%3D1--', '?cursor'],
    [`product=${'p'.repeat(65)}`, '?product'],
  ])('is refused: %s', async (query, pointer) => {
    expectProblem(await list(query), 400, 'invalid_request', pointer);
    expectProblem(await list(query, service.internalKey), 400, 'invalid_request', pointer);
  });

  it.each(['product=%ED%A0%80', 'product=%ff', 'product=%zz', 'product=%'])(
    'finds nothing by broken percent-encoding: %s',
    async (query) => {
      expect(await list(query)).toMatchObject({ status: 200, body: { data: [] } });
    },
  );

  it('leads nowhere with the cursor of another brand', async () => {
    ok(await world.provision());
    const { next_cursor } = ok(await list('limit=1'));
    const answer = await list(`cursor=${next_cursor}`, stranger.key);
    expect(answer.text).not.toContain(world.brandId);
    expect(answer.body.data.every((one: { brand_id: string }) => one.brand_id === stranger.brandId)).toBe(true);
  });

  it('names a brand once, whatever the operation', async () => {
    const path = `/v1/licenses/${world.licenseId}?brand=${world.slug}&brand=${stranger.slug}`;
    expectProblem(await ask({ method: 'PATCH', path, body: {}, key: service.internalKey }), 400, 'invalid_request', '?brand');
    const create = {
      path: `/v1/brands?brand=${world.slug}`,
      key: service.internalKey,
      body: { slug: 'nine', name: 'Nine', key_prefix: 'NINE' },
    };
    expectProblem(await ask(create), 400, 'invalid_request', '?brand');
  });
});

describe('A path', () => {
  it.each([
    ['a NUL for a brand', () => '/v1/brands/%00', '{brand}'],
    ['a NUL for a product', () => `${products()}/%00`, '{product}'],
    ['a NUL for an id', () => '/v1/licenses/lic_%00', '{license}'],
    ['a NUL for a key', () => `/v1/licenses/${'A'.repeat(40)}%00`, '{key}'],
    ['an id of another kind', () => `/v1/licenses/${world.licenseKeyId}`, '{license}'],
    ['an id that is too long', () => `/v1/licenses/lic_${'0'.repeat(200)}`, '{license}'],
    ['an id in upper case', () => `/v1/licenses/${world.licenseId.toUpperCase().replace('LIC_', 'lic_')}`, '{license}'],
    ['an id past the last UUID', () => '/v1/licenses/lic_8zzzzzzzzzzzzzzzzzzzzzzzzz', '{license}'],
    ['an id of another kind for a brand', () => `/v1/brands/${world.licenseId}`, '{brand}'],
  ])('is refused: %s', async (_, path, pointer) => {
    expectProblem(await ask({ path: path(), key: service.internalKey }), 400, 'invalid_request', pointer);
  });

  it.each([
    '/v1/brands/%zz',
    '/v1/brands/%',
    '/v1/brands/%ED%A0%80',
    '/v1/brands/%ff',
    `/v1/brands/${'a'.repeat(301)}`,
    `/v1/licenses/${'a'.repeat(5000)}`,
  ])('is refused when it cannot be read: %s', async (path) => {
    expectProblem(await ask({ path, key: service.internalKey }), 400, 'bad_request');
  });

  it.each([
    '/',
    '/v1',
    '//v1/brands',
    '/v1/brands/',
    '/V1/BRANDS',
    '/v1/../v1/brands/x/y/z',
    '/.env',
    '/v1/brands/..%2f..',
    '/problems/nothing',
  ])('leads nowhere: %s', async (path) => {
    expectProblem(await ask({ path, key: service.internalKey }), 404);
  });

  it.each(['OPTIONS', 'PUT', 'DELETE', 'PROPFIND'])('is not there for %s', async (method) => {
    for (const path of ['/v1/licenses', `/v1/licenses/${world.licenseId}`, '/v1/licenses/verify', '/health', '/nowhere'])
      expectProblem(await asBrand({ method, path }), 404, 'route_not_found');
  });

  it.each(['TRACE', 'PURGE'])('is not there for %s', async (method) => {
    expectProblem(
      await wire(`${method} /v1/licenses HTTP/1.1\r\nHost: x\r\nconnection: close\r\nx-api-key: ${world.key}\r\n\r\n`),
      404,
      'route_not_found',
    );
  });

  it('answers HEAD as GET, without the body', async () => {
    for (const [path, status] of [
      [`/v1/licenses/${world.licenseId}`, 200],
      ['/v1/licenses/lic_0', 400],
      ['/nowhere', 404],
    ] as const)
      expect(await asBrand({ method: 'HEAD', path })).toMatchObject({ status, text: '' });
    expect(await ask({ method: 'HEAD', path: '/v1/licenses' })).toMatchObject({ status: 401, text: '' });
  });
});

describe('Broken HTTP is answered with a problem document and a closed connection:', () => {
  const verify = 'POST /v1/licenses/verify HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\nconnection: close\r\n';
  it.each([
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc', 400],
    ['an unknown method', 'FOO /health HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['an unknown version', 'GET /health HTTP/9.9\r\nHost: x\r\n\r\n', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['no host', 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['two hosts', 'GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\nconnection: close\r\n\r\n', 400],
    ['lines without a carriage return', 'GET /health HTTP/1.1\nHost: x\n\n', 400],
    ['a space before the colon', 'GET /health HTTP/1.1\r\nHost : x\r\n\r\n', 400],
    ['a folded header', 'GET /health HTTP/1.1\r\nHost: x\r\nx-a: a\r\n b\r\n\r\n', 400],
    ['a NUL in a header', 'GET /health HTTP/1.1\r\nHost: x\r\nx-a: a\0b\r\n\r\n', 400],
    ['a NUL in the path', 'GET /health\0 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['letters that are not ASCII in the path', 'GET /v1/licenses/é HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a header of 20 KB', `GET /health HTTP/1.1\r\nHost: x\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['5000 headers', `GET /health HTTP/1.1\r\nHost: x\r\n${'x-a: 1\r\n'.repeat(5000)}\r\n`, 431],
    ['a path of 20 KB', `GET /health?${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['a length and chunks', `${verify}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 400],
    ['chunks and a length', `${verify}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 400],
    ['two lengths', `${verify}content-length: 2\r\ncontent-length: 3\r\n\r\n{} `, 400],
    ['a negative length', `${verify}content-length: -1\r\n\r\n{}`, 400],
    ['a length of hex', `${verify}content-length: 0x2\r\n\r\n{}`, 400],
    ['an unknown encoding', `${verify}transfer-encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 400],
    ['chunks that are not last', `${verify}transfer-encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 400],
    ['a chunk of no length', `${verify}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`, 400],
    ['a chunk that is longer than it says', `${verify}transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`, 400],
    ['a length of 100 GB', `${verify}content-length: 99999999999\r\n\r\n{}`, 413],
    ['a huge chunk', `${verify}transfer-encoding: chunked\r\n\r\n40001\r\n${'a'.repeat(262_145)}\r\n0\r\n\r\n`, 413],
    ['an unknown expectation', `${verify}expect: miracles\r\ncontent-length: 2\r\n\r\n{}`, 400],
  ])('%s', async (_, bytes, status) => {
    const heard = await wire(bytes);
    expectProblem(heard, status, status === 413 ? 'body_too_large' : undefined);
    expect(heard.seconds).toBeLessThan(3);
  });

  it('reads chunks, and a body that was asked for', async () => {
    const body = JSON.stringify({ license_key: world.licenseKey });
    const chunks = [...body].map((letter) => `1\r\n${letter}\r\n`).join('');
    expect(await wire(`${verify}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)).toMatchObject({
      status: 200,
      body: { valid: true },
    });
    expect(await wire(`${verify}expect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n${body}`)).toMatchObject({
      body: { valid: true },
    });
  });

  it('hears nothing after a request that it refused to read', async () => {
    const smuggled = `GET /v1/licenses HTTP/1.1\r\nHost: x\r\nx-api-key: ${world.key}\r\n\r\n`;
    const { text, status } = await wire(`${verify}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`);
    expect([status, text.includes('"object":"list"')]).toEqual([400, false]);
  });
});

describe('A credential', () => {
  const list = (headers: object) => ask({ path: '/v1/licenses?limit=1', headers: headers as Record<string, string> });
  const other = (letter: string) => (letter === 'A' ? 'B' : 'A');
  const typos = (key: string) => [...key].map((letter, at) => key.slice(0, at) + other(letter) + key.slice(at + 1));

  it('is taken as X-API-Key or as a bearer token, in any case of the word, or as both when they agree', async () => {
    for (const headers of [
      { 'x-api-key': world.key },
      { authorization: `Bearer ${world.key}` },
      { authorization: `bearer ${world.key}` },
      { authorization: `BEARER  ${world.key}` },
      { authorization: `Bearer ${world.key}`, 'x-api-key': world.key },
    ])
      expect(await list(headers)).toMatchObject({ status: 200 });
  });

  it('is refused in any other form', async () => {
    for (const headers of [
      { authorization: world.key },
      { authorization: `Basic ${world.key}` },
      { authorization: `Basic ${Buffer.from(`${world.key}:`).toString('base64')}` },
      { authorization: 'Bearer' },
      { authorization: `Bearer ${world.key} ${world.key}` },
      { authorization: `Bearer ${world.key}`, 'x-api-key': stranger.key },
      { authorization: `Bearer ${stranger.key}`, 'x-api-key': '' },
      { 'x-api-key': `${world.key}, ${world.key}` },
      { 'x-api-key': `"${world.key}"` },
      { 'x-api-key': world.key.slice(0, -1) },
      { 'x-api-key': world.key.replace('lk_test_b', 'lk_live_b') },
      { 'x-api-key': world.key.replace('lk_test_b', 'lk_test_i') },
      { 'x-api-key': 'x'.repeat(10_000) },
      { cookie: `api_key=${world.key}` },
    ])
      expectProblem(await list(headers), 401, 'unauthenticated');
    const twice = `GET /v1/licenses HTTP/1.1\r\nHost: x\r\nconnection: close\r\nx-api-key: ${world.key}\r\nx-api-key: ${stranger.key}\r\n\r\n`;
    expectProblem(await wire(twice), 401, 'unauthenticated');
  });

  it('is refused with any one character changed', async () => {
    for (const key of typos(world.key)) expectProblem(await list({ 'x-api-key': key }), 401, 'unauthenticated');
    for (const key of typos(world.licenseKey.replaceAll('-', ''))) {
      const answer = await ask({ path: '/v1/licenses/verify', body: { license_key: key } });
      expect(answer).toMatchObject({ status: 200, body: { valid: false, code: 'not_found' } });
    }
  });

  it.each(['api_key', 'apikey', 'api-key', 'API_KEY', 'x-api-key', 'access_token', 'key', 'token', 'brand', 'limit'])(
    'is refused in the query string, as %s',
    async (name) => {
      for (const path of ['/v1/licenses', `/v1/licenses/${world.licenseId}`, '/health']) {
        for (const key of [world.key, '']) {
          const answer = await ask({ path: `${path}?${name}=${world.key}`, key });
          expectProblem(answer, 400, 'credential_in_query', `?${name}`);
        }
      }
    },
  );

  it('is refused in the query string in any shape', async () => {
    for (const query of [`authorization=Bearer%20${world.key}`, `${world.key}`, `${world.key}=1`, `a=%6Ck_test_${world.key.slice(8)}`])
      expectProblem(await ask({ path: `/v1/licenses?${query}`, key: world.key }), 400, 'credential_in_query');
  });
});

describe('A request id', () => {
  it.each(['a', 'A.b_c-9', 'x'.repeat(64)])('of the caller is taken: %s', async (id) => {
    const answer = await ask({ path: '/v1/licenses', headers: { 'x-request-id': id } });
    expectProblem(answer, 401);
    expect(answer.body.request_id).toBe(id);
  });

  it.each(['', 'x'.repeat(65), 'a b', 'a/b', 'a;b', 'a:b', 'ä', '<script>', 'a,b', '"a"'])(
    'is made when that of the caller could do harm: %j',
    async (id) => {
      const answer = await ask({ path: '/health', headers: { 'x-request-id': id } });
      expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-v]{26}$/);
    },
  );
});

describe('Whatever is sent, the answer is one that is documented:', () => {
  const nasty: unknown[] = [
    null,
    '',
    ' ',
    '\0',
    '\ud800',
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    -0,
    1e308,
    true,
    [],
    {},
    [[]],
    [{}],
    [null],
    'a'.repeat(300),
    { length: 3 },
  ];
  const anything = fc.oneof(fc.constantFrom(...nasty), fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }));
  const grantMembers = ['product_code', 'seat_limit', 'starts_at', 'expires_at', 'entitlements', 'metadata'];
  const runs = { numRuns: 25 };
  const takingBodies = [...documented.values()].filter((operation) => bodySchemaOf(operation));
  const lists = [...documented.values()].filter(
    ({ method, parameters }) => method === 'GET' && parameters?.some(({ name }) => name === 'limit'),
  );

  function expectDocumentedKind(answer: Answer): void {
    expect(answer.status).toBeLessThan(500);
    if (answer.status >= 400) expectProblem(answer);
  }

  /** Bodies near the right one: each member left out, as it should be, or anything at all. */
  const near = (names: string[], right: Record<string, unknown> = {}): fc.Arbitrary<unknown> => {
    const members = names.map((name) => {
      const grants =
        name === 'licenses' ? [{ weight: 2, arbitrary: fc.array(near(grantMembers, { product_code: 'pro' }), { maxLength: 3 }) }] : [];
      return [name, fc.oneof({ weight: 3, arbitrary: fc.constant(right[name]) }, ...grants, anything)];
    });
    return fc.record(Object.fromEntries(members), { requiredKeys: [] });
  };

  it.each(takingBodies.map((operation) => [operation.operationId, operation] as const))('bodies of %s', async (id, operation) => {
    const usage = operations[id]!;
    const home = await furnish(await createBrandWorld(service));
    const input = usage.call(home);
    const key = usage.by === 'internal' ? service.internalKey : home.key;
    const names = Object.keys(bodySchemaOf(operation)!.properties);
    const bodies = fc.oneof({ weight: 4, arbitrary: near(names, input.body) }, anything);
    const property = fc.asyncProperty(bodies, async (body) => {
      const answer = await service.call({ ...callOf(operation, input), key, body: JSON.stringify(body) ?? '' });
      if (answer.status >= 300) answers.push(answer.text);
      expectDocumentedKind(answer);
    });
    await fc.assert(property, runs);
  });

  it.each(lists.map((operation) => [operation.operationId, operation] as const))('query strings of %s', async (id, operation) => {
    const home = await furnish(await createBrandWorld(service));
    const { params = {}, query = {} } = operations[id]!.call(home);
    const names = operation.parameters!.map(({ name }) => name);
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('1', '100', home.slug, ...Object.values(query)));
    const pairs = fc.array(fc.tuple(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, fc.string()), text), { maxLength: 4 });
    const property = fc.asyncProperty(pairs, async (some) => {
      const search = new URLSearchParams([...Object.entries(query), ...some]);
      expectDocumentedKind(await ask({ path: `${callOf(operation, { params }).path}?${search.toString()}`, key: service.internalKey }));
    });
    await fc.assert(property, runs);
  });
});

describe('After all of this', () => {
  it('slow connections were closed within seven seconds, and told why', async () => {
    for (const heard of await slow) {
      expectProblem(heard, 408);
      expect(heard.seconds).toBeLessThan(7.5);
    }
  }, 10_000);

  it('the service is well, and has logged no error', async () => {
    expect(await ask({ path: '/ready' })).toMatchObject({ status: 200 });
    const lines = service.logged.map((line) => JSON.parse(line));
    expect(lines.length).toBeGreaterThan(500);
    expect(lines.filter(({ level }) => level >= 40)).toEqual([]);
  });

  it('no key stands in full in the log, or in any answer but the one that made it', () => {
    const secret = /lk_(live|test)_[bi]_\w{8}_\w{33}|[A-Z][A-Z0-9]{1,9}(-[0-9A-Z]{5}){6}/;
    expect([...service.logged, ...answers].filter((text) => secret.test(text))).toEqual([]);
    expect(world.key).toMatch(secret);
    expect(world.licenseKey).toMatch(secret);
  });
});
