import { aBrand, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import { Brand } from './brand';
import { SlugReserved } from './errors';

describe('A brand', () => {
  it('is active from the start', () => {
    const brand = Brand.create({ slug: 'acme', name: 'Acme', keyPrefix: 'ACME' }, noon);
    expect(brand.state).toMatchObject({ slug: 'acme', status: 'active', metadata: {}, version: 1, createdAt: noon });
    expect(brand.releaseEvents()).toMatchObject([{ type: 'brand.created', brandId: brand.state.id, data: { key_prefix: 'ACME' } }]);
  });

  it.each(['licenses', 'license-keys', 'brands', 'products', 'api-keys', 'activations', 'events', 'audit-logs', 'new'])(
    'is not called %s, a word of the paths',
    (slug) => {
      expect(() => Brand.create({ slug, name: 'Acme', keyPrefix: 'ACME' }, noon)).toThrow(SlugReserved);
    },
  );

  it('keeps what a change does not name', () => {
    const brand = aBrand({ metadata: { plan: 'small', note: 'x' } });
    brand.update({ status: 'suspended', metadata: { plan: 'big', note: null } }, inDays(1));
    expect(brand.state).toMatchObject({ name: 'Acme', status: 'suspended', metadata: { plan: 'big' }, version: 2, updatedAt: inDays(1) });
    expect(happened(brand)).toEqual(['brand.updated']);
  });

  it('stays as it is when told what it is already', () => {
    const brand = aBrand({ metadata: { plan: 'small' } });
    brand.update({ name: 'Acme', status: 'active', metadata: { plan: 'small', none: null } }, inDays(1));
    expect([brand.state.version, brand.state.updatedAt, happened(brand)]).toEqual([1, noon, []]);
  });

  it('has the rate limits of the installation, unless it is given its own, one by one', () => {
    const brand = Brand.create({ slug: 'acme', name: 'Acme', keyPrefix: 'ACME', rateLimits: { apiKeyPerMinute: 9 } }, noon);
    expect(brand.state).toMatchObject({ apiKeyPerMinute: 9, licenseKeyPerMinute: null, instancePerMinute: null });
    brand.update({ rateLimits: { instancePerMinute: 2, apiKeyPerMinute: null } }, inDays(1));
    expect(brand.state).toMatchObject({ apiKeyPerMinute: null, licenseKeyPerMinute: null, instancePerMinute: 2, version: 2 });
  });

  it('keeps its slug and its key prefix for ever', () => {
    const brand = aBrand();
    brand.update({ name: 'New', slug: 'other', keyPrefix: 'OTHER' } as never, noon);
    expect(brand.state).toMatchObject({ name: 'New', slug: 'acme', keyPrefix: 'ACME' });
  });
});
