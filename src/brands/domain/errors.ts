import { DomainError, refusal } from '../../../libs/kernel/domain-error';

export class BrandNotFound extends DomainError {
  static readonly refusal = refusal(
    'brand_not_found',
    'not_found',
    'Brand not found',
    'There is no such brand, or it is not one that this API key may see.',
  );
  constructor() {
    super(BrandNotFound.refusal, 'There is no such brand.');
  }
}

export class SlugTaken extends DomainError {
  static readonly refusal = refusal('slug_taken', 'conflict', 'Slug taken', 'Another brand has this slug. Choose another.');
  constructor(slug: string) {
    super(SlugTaken.refusal, `The slug ${slug} is taken.`, { slug });
  }
}

export class SlugReserved extends DomainError {
  static readonly refusal = refusal(
    'slug_reserved',
    'conflict',
    'Slug reserved',
    'This slug is a word of the API’s own paths. Choose another.',
  );
  constructor(slug: string) {
    super(SlugReserved.refusal, `The slug ${slug} is reserved.`, { slug });
  }
}

export class KeyPrefixTaken extends DomainError {
  static readonly refusal = refusal(
    'key_prefix_taken',
    'conflict',
    'Key prefix taken',
    'Another brand has this key prefix, or one that reads like it (I and L read as 1, O as 0). A prefix names its brand, so it is unique.',
  );
  constructor(prefix: string) {
    super(KeyPrefixTaken.refusal, `The key prefix ${prefix}, or one that reads like it, is taken.`, { key_prefix: prefix });
  }
}

export class ProductNotFound extends DomainError {
  static readonly refusal = refusal(
    'product_not_found',
    'not_found',
    'Product not found',
    'The brand has no product with this id or code.',
  );
  constructor(pointer?: string) {
    const detail = 'There is no such product.';
    super(ProductNotFound.refusal, detail, pointer === undefined ? {} : { errors: [{ pointer, detail }] });
  }
}

export class ProductCodeTaken extends DomainError {
  static readonly refusal = refusal(
    'product_code_taken',
    'conflict',
    'Product code taken',
    'The brand already has a product with this code.',
  );
  constructor(code: string) {
    super(ProductCodeTaken.refusal, `The product code ${code} is taken.`, { product_code: code });
  }
}
