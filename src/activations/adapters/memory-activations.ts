import type { BrandId } from '../../../libs/kernel/brand-id';
import { Activation, type ActivationState } from '../domain/activation';
import { Activations } from '../ports/activations';

export class MemoryActivations implements Activations {
  private readonly rows = new Map<string, ActivationState>();

  async ofInstance(brandId: BrandId, licenseId: string, instanceId: string): Promise<Activation | null> {
    const row = this.of(brandId).find((one) => one.licenseId === licenseId && one.instanceId === instanceId);
    return row ? new Activation(row) : null;
  }

  async find(brandId: BrandId, id: string): Promise<Activation | null> {
    const row = this.of(brandId).find((one) => one.id === id);
    return row ? new Activation(row) : null;
  }

  /** The seats that the instance holds, of any license. */
  seatsOf(brandId: BrandId, instanceId: string): ActivationState[] {
    return this.of(brandId).filter((row) => row.instanceId === instanceId && row.deactivatedAt === null);
  }

  async save({ state }: Activation): Promise<void> {
    this.rows.set(state.id, state);
  }

  private of(brandId: BrandId): ActivationState[] {
    return [...this.rows.values()].filter((row) => row.brandId === brandId);
  }
}
