import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld } from '../../libs/testing/world';

describe('Seats', () => {
  let service: TestService;
  let world: BrandWorld;
  const activate = (instance: string, { licenseKey, product } = world) =>
    service.call({ path: '/v1/licenses/activate', body: { license_key: licenseKey, product_code: product, instance_id: instance } });
  const deactivate = (instance: string) =>
    service.call({
      path: '/v1/licenses/deactivate',
      body: { license_key: world.licenseKey, product_code: world.product, instance_id: instance },
    });

  beforeAll(async () => {
    service = await startTestService();
  });
  beforeEach(async () => {
    world = await createBrandWorld(service);
  });
  afterAll(() => service.stop());

  it('are never oversold to parallel instances', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => activate(`site-${i}`)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(answers.filter(({ body }) => body.code === 'seat_limit_reached' && body.limit === 5 && body.used === 5)).toHaveLength(25);
  });
});
