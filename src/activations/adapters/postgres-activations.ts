import { Injectable } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Database } from '../../../libs/persistence/database';
import { Outbox } from '../../../libs/persistence/outbox';
import { Activation, type ActivationState } from '../domain/activation';
import { Activations } from '../ports/activations';

export const activationTable = new EntitySchema<ActivationState>({
  name: 'activation',
  tableName: 'activations',
  columns: {
    brandId: { type: 'uuid', primary: true },
    id: { type: 'uuid', primary: true },
    licenseId: { type: 'uuid' },
    instanceId: { type: 'text' },
    instanceName: { type: 'text', nullable: true },
    metadata: { type: 'jsonb' },
    activatedAt: { type: 'timestamptz' },
    lastSeenAt: { type: 'timestamptz' },
    deactivatedAt: { type: 'timestamptz', nullable: true },
  },
});

@Injectable()
export class PostgresActivations implements Activations {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {}

  async ofInstance(brandId: BrandId, licenseId: string, instanceId: string): Promise<Activation | null> {
    const row = await this.db.manager.findOne(activationTable, { where: { brandId, licenseId, instanceId } });
    return row && new Activation(row);
  }

  async find(brandId: BrandId, id: string): Promise<Activation | null> {
    const row = await this.db.manager.findOne(activationTable, { where: { brandId, id } });
    return row && new Activation(row);
  }

  save(activation: Activation): Promise<void> {
    return this.outbox.save(activationTable, activation, ['brandId', 'id']);
  }
}
