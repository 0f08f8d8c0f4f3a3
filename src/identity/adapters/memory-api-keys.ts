import { isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { ApiKey, type ApiKeyState } from '../domain/api-key';
import { ApiKeys } from '../ports/api-keys';

export class MemoryApiKeys implements ApiKeys {
  private readonly rows = new Map<string, ApiKeyState>();

  async hold(reach: Reach, id: string): Promise<ApiKey | null> {
    const row = this.rows.get(id);
    return row && (isAllBrands(reach) || row.brandId === reach) ? new ApiKey(row) : null;
  }

  async save({ state }: ApiKey): Promise<void> {
    this.rows.set(state.id, state);
  }
}
