import { dropDatabase, freshDatabase, runtimeUrl, withOwner } from '../../libs/testing/database';
import type { TestService } from '../../libs/testing/service';
import { createBrandWorld, ok } from '../../libs/testing/world';
import { serviceOver } from '../fixtures/services';
import { UnsafeStart } from '../../src/safe-start';

const [first, second, other] = ['first', 'second', 'other'].map((name) =>
  `the ${name} pepper, which is long enough`.replaceAll(/[ ,]/g, '-'),
);

describe('Peppers', () => {
  let database: string;
  beforeEach(async () => {
    database = await freshDatabase();
  });
  afterEach(() => dropDatabase(database));

  type Service = Awaited<ReturnType<typeof serviceOver>>;
  /** The service with those peppers, for as long as the work takes. */
  async function serving<T>(peppers: string, work: (service: Service) => Promise<T>): Promise<T> {
    const service = await serviceOver(runtimeUrl(database), { LICENSE_KEY_PEPPERS: peppers });
    try {
      return await work(service);
    } finally {
      await service.stop();
    }
  }
  const verdictOn = async ({ call }: Service, key: string): Promise<string> =>
    ok(await call({ path: '/v1/licenses/verify', body: { license_key: key } })).code;
  const world = (service: Service) => createBrandWorld(service as unknown as TestService);
  const versions = () =>
    withOwner(database, async (owner) => {
      const { rows } = await owner.query<{ pepper_version: number }>('select pepper_version from license_keys order by id');
      return rows.map((row) => row.pepper_version);
    });

  it('keep what they are under their version: a changed one is refused before it locks customers out', async () => {
    const { licenseKey } = await serving(`1:${first}`, world);
    const changed = serving(`1:${other}`, () => Promise.resolve());
    await expect(changed).rejects.toThrow(UnsafeStart);
    await expect(changed).rejects.toThrow(/^LICENSE_KEY_PEPPERS: pepper 1 is not the one/);
    await expect(changed).rejects.not.toThrow(other);
    expect(await serving(`1:${first}`, (service) => verdictOn(service, licenseKey))).toBe('valid');
  });

  it('are changed by a newer one beside them: old keys keep working, new and reissued ones are hashed under the newest', async () => {
    const old = await serving(`1:${first}`, world);
    const [fresh, reissued] = await serving(`1:${first},2:${second}`, async (service) => {
      expect(await verdictOn(service, old.licenseKey)).toBe('valid');
      const { licenseKey } = await world(service);
      const { call, internalKey } = service;
      const leaked = { path: `/v1/license-keys/${old.licenseKeyId}/reissue?brand=${old.slug}`, key: internalKey, body: {} };
      expect(await versions()).toEqual([1, 2]);
      return [licenseKey, ok(await call(leaked)).key as string];
    });
    expect(await versions()).toEqual([2, 2]);
    await serving(`2:${second}`, async (service) => {
      expect([await verdictOn(service, fresh), await verdictOn(service, reissued)]).toEqual(['valid', 'valid']);
    });
  });

  it('are needed as long as a key was hashed under them', async () => {
    await serving(`1:${first}`, world);
    await expect(serving(`2:${second}`, () => Promise.resolve())).rejects.toThrow(/^LICENSE_KEY_PEPPERS: pepper 1 is missing/);
  });

  it('may be named in any order', async () => {
    await serving(`2:${second},1:${first}`, world);
    expect(await versions()).toEqual([2]);
  });

  it('are not noted by a start that is refused for another of them', async () => {
    await serving(`1:${first}`, world);
    await expect(serving(`2:${other},1:${second}`, world)).rejects.toThrow('pepper 1 is not the one');
    await serving(`2:${second},1:${first}`, world);
  });

  it('are settled by the first of two services that start with different ones at once', async () => {
    const both = await Promise.allSettled([first, other].map((pepper) => serving(`1:${pepper}`, world)));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(UnsafeStart) });
  });
});
