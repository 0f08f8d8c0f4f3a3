import { Query } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { ApiKeyState } from '../domain/api-key';

/** The keys of a brand, newest first. */
export class ListApiKeys extends Query<Page<ApiKeyState>> {
  constructor(
    readonly brandId: BrandId,
    readonly cut: Cut,
  ) {
    super();
  }
}
