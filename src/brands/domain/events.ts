import { DomainEvent, EventType } from '../../../libs/kernel/domain-event';

/** The object as it is afterwards; `id` and `version` let a receiver drop stale news. */
interface BrandFacts {
  readonly id: string;
  readonly version: number;
  readonly slug: string;
  readonly name: string;
  readonly key_prefix: string;
  readonly status: string;
}

const aBrand: BrandFacts = {
  id: 'brd_06efg00000e0082000000000000',
  version: 1,
  slug: 'demo',
  name: 'Demo Brand',
  key_prefix: 'DEMO',
  status: 'active',
};

@EventType('brand.created', 'A brand was opened.', aBrand)
export class BrandCreated extends DomainEvent<BrandFacts> {}
@EventType('brand.updated', 'The name, the status, the rate limits or the notes of a brand were changed.', { ...aBrand, version: 2 })
export class BrandUpdated extends DomainEvent<BrandFacts> {}

interface ProductFacts {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly name: string;
  readonly status: string;
}

const aProduct: ProductFacts = { id: 'prd_06efg00000e0082000000000000', version: 1, code: 'seo_pro', name: 'SEO Pro', status: 'active' };

@EventType('product.created', 'The brand sells a product more.', aProduct)
export class ProductCreated extends DomainEvent<ProductFacts> {}
@EventType('product.updated', 'A product was changed or archived. Licenses that were provisioned before keep what they were given.', {
  ...aProduct,
  version: 2,
})
export class ProductUpdated extends DomainEvent<ProductFacts> {}
