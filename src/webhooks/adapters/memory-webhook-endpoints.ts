import type { BrandId } from '../../../libs/kernel/brand-id';
import { type EndpointState, WebhookEndpoint } from '../domain/endpoint';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

export class MemoryWebhookEndpoints implements WebhookEndpoints {
  readonly rows = new Map<string, EndpointState>();

  async hold(brandId: BrandId, id: string): Promise<WebhookEndpoint | null> {
    const row = this.of(brandId).find((one) => one.id === id);
    return row ? new WebhookEndpoint(row) : null;
  }

  async count(brandId: BrandId): Promise<number> {
    return this.of(brandId).length;
  }

  async listening(brandId: BrandId, patterns: readonly string[]): Promise<string[]> {
    const wanted = this.of(brandId).filter(
      ({ status, eventTypes }) => status === 'enabled' && eventTypes.some((pattern) => patterns.includes(pattern)),
    );
    return wanted.map(({ id }) => id).sort();
  }

  async save({ state }: WebhookEndpoint): Promise<void> {
    this.rows.set(state.id, state);
  }

  private of(brandId: BrandId): EndpointState[] {
    return [...this.rows.values()].filter((row) => row.brandId === brandId && row.deletedAt === null);
  }
}
