import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { parsePublicId } from '../../libs/kernel/id';
import { dropDatabase, freshDatabase, ownerUrl, runtimeUrl } from '../../libs/testing/database';
import type { Answer, Call, TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { secrets, type ServiceProcess, spawnService } from '../fixtures/processes';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(30_000);

/** What is asked of one is asked of whichever of three processes comes next, all over one database. */
describe('Seats, over three processes at once,', () => {
  let database: string;
  let owner: Client;
  let service: Awaited<ReturnType<typeof serviceOver>>;
  let processes: ServiceProcess[] = [];
  beforeAll(async () => {
    database = await freshDatabase();
    owner = new Client({ connectionString: ownerUrl(database) });
    await owner.connect();
    service = await serviceOver(runtimeUrl(database), secrets);
    processes = await Promise.all([1, 2, 3].map(() => spawnService(runtimeUrl(database))));
  });
  afterAll(async () => {
    await Promise.all(processes.map((one) => one.stop()));
    await service.stop();
    await owner.end();
    await dropDatabase(database);
  });

  let turn = 0;
  /** As a client does: one that is told to come back does so. */
  async function call(one: Call): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      const answer = await processes[turn++ % processes.length]!.call(one);
      if (answer.status !== 503 || tries === 5) return answer;
      expect(answer.headers.get('retry-after')).toBe('1');
      await sleep(200);
    }
  }
  const times = <T>(count: number, one: (number: number) => Promise<T>) => Promise.all(Array.from({ length: count }, (_, i) => one(i)));
  /** All come while somebody else holds the row, so that they are under way together when it is let go. */
  async function atOnce<T>(row: 'licenses' | 'license_keys' | 'api_keys', id: string, count: number, one: (number: number) => Promise<T>) {
    const kind = { licenses: 'license', license_keys: 'licenseKey', api_keys: 'apiKey' } as const;
    await owner.query('begin');
    await owner.query(`select from ${row} where id = $1 for update`, [parsePublicId(kind[row], id)]);
    const all = times(count, one);
    await sleep(300);
    await owner.query('commit');
    return all;
  }
  const aBrand = (seats: number | null) => createBrandWorld(service as unknown as TestService, { seats });
  const seatOf = ({ licenseKey, product }: BrandWorld, instance: string) => ({
    license_key: licenseKey,
    product_code: product,
    instance_id: instance,
  });
  const activate = (world: BrandWorld, instance: string) => call({ path: '/v1/licenses/activate', body: seatOf(world, instance) });
  const deactivate = (world: BrandWorld, instance: string) => call({ path: '/v1/licenses/deactivate', body: seatOf(world, instance) });
  const manage = ({ key }: BrandWorld, one: Call) => call({ key, ...one });
  const outcomes = (answers: Answer[]) => {
    const counts: Record<string, number> = {};
    for (const { status, body } of answers) {
      const outcome = `${status}${body.code ? ` ${body.code}` : ''}`;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    return counts;
  };

  /** Counter and rows of the brand's license, as of one committed instant. */
  async function seatsIn({ slug }: BrandWorld) {
    const { rows } = await owner.query<{ used: number; ceiling: number | null; living: number }>(
      `select seats_used as used, seat_ceiling as ceiling,
              (select count(*)::int from activations a where a.license_id = l.id and deactivated_at is null) as living
         from licenses l join brands b on b.id = l.brand_id where b.slug = $1 and l.product_code = 'pro'`,
      [slug],
    );
    return rows[0]!;
  }
  const isSound = ({ used, ceiling, living }: Awaited<ReturnType<typeof seatsIn>>) =>
    used === living && used >= 0 && (ceiling === null || used <= ceiling);

  it('are sold exactly as many as there are', async () => {
    const world = await aBrand(5);
    const answers = await atOnce('licenses', world.licenseId, 60, (i) => activate(world, `site-${i}`));
    expect(outcomes(answers)).toEqual({ '201': 5, '409 seat_limit_reached': 55 });
    expect(answers.filter(({ status, body }) => status === 409 && (body.limit !== 5 || body.used !== 5))).toEqual([]);
    expect(await seatsIn(world)).toEqual({ used: 5, ceiling: 5, living: 5 });
  });

  it('are taken once by an instance, however often it asks, and every answer names the same', async () => {
    const world = await aBrand(5);
    const answers = await atOnce('licenses', world.licenseId, 20, () => activate(world, 'site'));
    expect(outcomes(answers)).toEqual({ '201': 1, '200': 19 });
    expect(new Set(answers.map(({ body }) => body.activation.id)).size).toBe(1);
    expect(await seatsIn(world)).toMatchObject({ used: 1, living: 1 });
  });

  it('are freed once by an instance, however often it leaves', async () => {
    const world = await aBrand(5);
    await activate(world, 'other');
    await activate(world, 'site');
    const answers = await atOnce('licenses', world.licenseId, 20, () => deactivate(world, 'site'));
    expect(answers.filter(({ body }) => body.deactivated === true)).toHaveLength(1);
    expect(await seatsIn(world)).toMatchObject({ used: 1, living: 1 });
  });

  it('agree with their counter at every instant of a storm, while the limit goes up and down', async () => {
    const world = await aBrand(3);
    const limit = (seat_limit: number | null) =>
      manage(world, { method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { seat_limit } });
    const freeOne = async () => {
      const { data } = ok(await manage(world, { path: `/v1/licenses/${world.licenseId}/activations` })) as { data: { id: string }[] };
      return data[0] ? manage(world, { method: 'DELETE', path: `/v1/activations/${data[0].id}` }) : activate(world, 'site-0');
    };
    let raging = true;
    const instants: Awaited<ReturnType<typeof seatsIn>>[] = [];
    const watching = (async () => {
      for (; raging; await sleep(2)) instants.push(await seatsIn(world));
    })();
    const storm = () =>
      times(240, async (i) => {
        await sleep((i % 24) * 80);
        if (i % 24 === 7) return limit([1, null, 4, 2, 3][i % 5]!);
        if (i % 8 === 3) return freeOne();
        return i % 2 === 0 ? activate(world, `site-${i % 7}`) : deactivate(world, `site-${i % 7}`);
      });
    // It goes on until it was watched often enough, however slow the machine is.
    const answers: Answer[] = [];
    while (instants.length <= 20) answers.push(...(await storm()));
    raging = false;
    await watching;

    expect(Object.keys(outcomes(answers)).filter((outcome) => !['200', '201', '409 seat_limit_reached'].includes(outcome))).toEqual([]);
    expect(new Set(instants.map(({ used }) => used)).size).toBeGreaterThan(2);
    expect([...instants, await seatsIn(world)].filter((instant) => !isSound(instant))).toEqual([]);
  });

  it('are no longer sold once the limit was lowered beneath those in use, and none of these ends', async () => {
    const world = await aBrand(4);
    await times(4, (i) => activate(world, `site-${i}`));
    const [lowered] = await Promise.all([
      manage(world, { method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { seat_limit: 2 } }),
      ...[0, 1, 2, 3].map((i) => activate(world, `site-${i}`)),
    ]);
    expect(lowered.body.seats).toEqual({ limit: 2, used: 4, remaining: 0 });
    expect(outcomes(await times(12, (i) => activate(world, `new-${i}`)))).toEqual({ '409 seat_limit_reached': 12 });
    expect(await seatsIn(world)).toEqual({ used: 4, ceiling: 4, living: 4 });
    await times(3, (i) => deactivate(world, `site-${i}`));
    expect(outcomes(await times(12, (i) => activate(world, `new-${i}`)))).toEqual({ '201': 1, '409 seat_limit_reached': 11 });
    expect(await seatsIn(world)).toEqual({ used: 2, ceiling: 2, living: 2 });
  });

  it('hang on one license of a product, however often it is provisioned onto a key', async () => {
    const world = await aBrand(5);
    ok(await manage(world, { path: `/v1/brands/${world.slug}/products`, body: { code: 'lite', name: 'Lite' } }));
    const onto = (license_key: string) => ({ customer_email: world.email, license_key, licenses: [{ product_code: 'lite' }] });
    const answers = await atOnce('license_keys', world.licenseKeyId, 12, (i) =>
      manage(world, { path: `/v1/brands/${world.slug}/licenses`, body: onto(i % 2 ? world.licenseKey : world.licenseKeyId) }),
    );
    expect(outcomes(answers)).toEqual({ '201': 1, '409 already_licensed': 11 });
  });

  it('stay behind two secrets, the newest and the one before, however often an API key is rotated', async () => {
    const world = await aBrand(5);
    const rotate = { path: `/v1/brands/${world.slug}/api-keys/${world.keyId}/rotate`, key: service.internalKey, body: {} };
    const secrets = (await atOnce('api_keys', world.keyId, 9, () => call(rotate))).map((answer) => ok(answer).secret as string);
    const works = async (key: string) => (await call({ key, path: `/v1/licenses/${world.licenseId}` })).status === 200;
    expect((await Promise.all(secrets.map(works))).filter(Boolean)).toHaveLength(2);
    expect(await works(world.key)).toBe(false);
  });

  it('stay behind two keys, the newest and the one before, however often a license key is reissued', async () => {
    const world = await aBrand(5);
    const reissue = { path: `/v1/license-keys/${world.licenseKeyId}/reissue`, body: { overlap_seconds: 3600 } };
    const keys = (await atOnce('license_keys', world.licenseKeyId, 9, () => manage(world, reissue))).map(
      (answer) => ok(answer).key as string,
    );
    const works = async (license_key: string) => ok(await call({ path: '/v1/licenses/verify', body: { license_key } })).valid as boolean;
    expect((await Promise.all(keys.map(works))).filter(Boolean)).toHaveLength(2);
    expect(await works(world.licenseKey)).toBe(false);
  });
});
