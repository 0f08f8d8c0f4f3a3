import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { In, IsNull, LessThan } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import type { DeliveryState } from '../domain/delivery';
import type { EndpointState } from '../domain/endpoint';
import { EndpointNotFound } from '../domain/errors';
import { GetWebhookEndpoint } from '../use-cases/get-webhook-endpoint';
import { type DeliveryLog, ListDeliveries } from '../use-cases/list-deliveries';
import { ListWebhookEndpoints } from '../use-cases/list-webhook-endpoints';
import { webhookAttemptTable, webhookDeliveryTable } from './postgres-deliveries';
import { webhookEndpointTable } from './postgres-webhook-endpoints';

const newestFirst = { id: 'DESC' } as const;

@QueryHandler(ListWebhookEndpoints)
export class PostgresListWebhookEndpoints implements IQueryHandler<ListWebhookEndpoints> {
  constructor(private readonly db: Database) {}

  execute({ brandId, cut }: ListWebhookEndpoints): Promise<Page<EndpointState>> {
    const where = { brandId, deletedAt: IsNull(), ...(cut.after && { id: LessThan(cut.after) }) };
    return this.db.run(brandId, async () =>
      pageOf(await this.db.manager.find(webhookEndpointTable, { where, order: newestFirst, take: cut.limit + 1 }), cut),
    );
  }
}

@QueryHandler(GetWebhookEndpoint)
export class PostgresGetWebhookEndpoint implements IQueryHandler<GetWebhookEndpoint> {
  constructor(private readonly db: Database) {}

  async execute({ brandId, id }: GetWebhookEndpoint): Promise<EndpointState> {
    return this.db.run(brandId, () => endpointOf(this.db, brandId, id));
  }
}

@QueryHandler(ListDeliveries)
export class PostgresListDeliveries implements IQueryHandler<ListDeliveries> {
  constructor(private readonly db: Database) {}

  execute({ brandId, endpointId, status, cut }: ListDeliveries): Promise<Page<DeliveryLog>> {
    const where = { brandId, endpointId, ...(status && { status }), ...(cut.after && { id: LessThan(cut.after) }) };
    return this.db.run(brandId, async () => {
      await endpointOf(this.db, brandId, endpointId);
      const page = pageOf(await this.db.manager.find(webhookDeliveryTable, { where, order: newestFirst, take: cut.limit + 1 }), cut);
      return { ...page, items: await this.withAttempts(brandId, page.items) };
    });
  }

  private async withAttempts(brandId: BrandId, deliveries: readonly DeliveryState[]): Promise<DeliveryLog[]> {
    const where = { brandId, deliveryId: In(deliveries.map(({ id }) => id)) };
    const attempts = await this.db.manager.find(webhookAttemptTable, { where, order: { number: 'ASC' } });
    return deliveries.map((state) => ({
      id: state.id,
      state,
      attempts: attempts.filter(({ deliveryId }) => deliveryId === state.id),
    }));
  }
}

async function endpointOf(db: Database, brandId: BrandId, id: string): Promise<EndpointState> {
  const endpoint = await db.manager.findOne(webhookEndpointTable, { where: { brandId, id, deletedAt: IsNull() } });
  if (!endpoint) throw new EndpointNotFound();
  return endpoint;
}
