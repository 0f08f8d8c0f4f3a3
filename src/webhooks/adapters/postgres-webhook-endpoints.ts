import { Injectable } from '@nestjs/common';
import { EntitySchema, IsNull } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { type EndpointState, WebhookEndpoint } from '../domain/endpoint';
import { WebhookEndpoints } from '../ports/webhook-endpoints';

export const webhookEndpointTable = new EntitySchema<EndpointState>({
  name: 'webhook_endpoint',
  tableName: 'webhook_endpoints',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    url: { type: 'text' },
    eventTypes: { type: 'text', array: true },
    description: { type: 'text', nullable: true },
    status: { type: 'text' },
    disabledReason: { type: 'text', nullable: true },
    secret: { type: 'bytea', nullable: true },
    previousSecret: { type: 'bytea', nullable: true },
    previousUntil: { type: 'timestamptz', nullable: true },
    enabledAt: { type: 'timestamptz' },
    failingSince: { type: 'timestamptz', nullable: true },
    lastFailureAt: { type: 'timestamptz', nullable: true },
    slow: { type: 'bool' },
    version: { type: 'int' },
    createdAt: { type: 'timestamptz' },
    updatedAt: { type: 'timestamptz' },
    deletedAt: { type: 'timestamptz', nullable: true },
  },
});

@Injectable()
export class PostgresWebhookEndpoints implements WebhookEndpoints {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async hold(brandId: BrandId, id: string): Promise<WebhookEndpoint | null> {
    // The weaker lock of the two: deliveries that refer to the endpoint may be added meanwhile.
    const lock = { mode: 'for_no_key_update' } as const;
    const row = await this.db.manager.findOne(webhookEndpointTable, { where: { brandId, id, deletedAt: IsNull() }, lock });
    return row && new WebhookEndpoint(row);
  }

  async count(brandId: BrandId): Promise<number> {
    await this.db.manager.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`webhook endpoints of ${brandId}`]);
    return this.db.manager.countBy(webhookEndpointTable, { brandId, deletedAt: IsNull() });
  }

  async listening(brandId: BrandId, patterns: readonly string[]): Promise<string[]> {
    const rows = await this.db.manager.query<{ id: string }[]>(
      `select id from webhook_endpoints where brand_id = $1 and status = 'enabled' and event_types && $2 order by id`,
      [brandId, patterns],
    );
    return rows.map(({ id }) => id);
  }

  save(endpoint: WebhookEndpoint): Promise<void> {
    return this.outbox.save(webhookEndpointTable, endpoint, ['brandId', 'id']);
  }
}
