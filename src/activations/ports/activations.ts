import type { BrandId } from '../../../libs/kernel/brand-id';
import type { Activation } from '../domain/activation';

export abstract class Activations {
  /** The activation of the instance, be its seat held or ended. Ask with the license held. */
  abstract ofInstance(brandId: BrandId, licenseId: string, instanceId: string): Promise<Activation | null>;
  abstract find(brandId: BrandId, id: string): Promise<Activation | null>;
  abstract save(activation: Activation): Promise<void>;
}
