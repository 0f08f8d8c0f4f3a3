import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { EntitySchema, LessThan } from 'typeorm';
import { isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { ApiKey, type ApiKeyState } from '../domain/api-key';
import { ApiKeys } from '../ports/api-keys';
import { ListApiKeys } from '../use-cases/list-api-keys';

export const apiKeyTable = new EntitySchema<ApiKeyState>({
  name: 'api_key',
  tableName: 'api_keys',
  columns: {
    id: { type: 'uuid', primary: true },
    brandId: { type: 'uuid', nullable: true },
    role: { type: 'text' },
    name: { type: 'text' },
    publicPart: { type: 'text' },
    hash: { type: 'bytea' },
    hint: { type: 'text' },
    previousPublicPart: { type: 'text', nullable: true },
    previousHash: { type: 'bytea', nullable: true },
    previousUntil: { type: 'timestamptz', nullable: true },
    scopes: { type: 'text', array: true },
    expiresAt: { type: 'timestamptz', nullable: true },
    lastUsedAt: { type: 'timestamptz', nullable: true },
    revokedAt: { type: 'timestamptz', nullable: true },
    createdAt: { type: 'timestamptz' },
  },
});

@Injectable()
export class PostgresApiKeys implements ApiKeys {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async hold(reach: Reach, id: string): Promise<ApiKey | null> {
    const where = isAllBrands(reach) ? { id } : { id, brandId: reach };
    const row = await this.db.manager.findOne(apiKeyTable, { where, lock: { mode: 'pessimistic_write' } });
    return row && new ApiKey(row);
  }

  save(key: ApiKey): Promise<void> {
    return this.outbox.save(apiKeyTable, key, ['id']);
  }
}

@QueryHandler(ListApiKeys)
export class PostgresListApiKeys implements IQueryHandler<ListApiKeys> {
  constructor(private readonly db: Database) {}

  execute({ reach, cut }: ListApiKeys): Promise<Page<ApiKeyState>> {
    const where = { ...(!isAllBrands(reach) && { brandId: reach }), ...(cut.after && { id: LessThan(cut.after) }) };
    return this.db.run(reach, async () =>
      pageOf(await this.db.manager.find(apiKeyTable, { where, order: { id: 'DESC' }, take: cut.limit + 1 }), cut),
    );
  }
}
