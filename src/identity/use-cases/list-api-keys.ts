import { Query } from '@nestjs/cqrs';
import type { Reach } from '../../../libs/kernel/brand-id';
import type { Cut, Page } from '../../../libs/kernel/page';
import type { ApiKeyState } from '../domain/api-key';

/** The keys of a brand, newest first; over all brands, the internal ones too. */
export class ListApiKeys extends Query<Page<ApiKeyState>> {
  constructor(
    readonly reach: Reach,
    readonly cut: Cut,
  ) {
    super();
  }
}
