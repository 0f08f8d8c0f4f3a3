import type { BrandId } from '../../../libs/kernel/brand-id';
import type { WebhookEndpoint } from '../domain/endpoint';

/** The endpoints of brands. One that is deleted is not there. */
export abstract class WebhookEndpoints {
  /** Held until the unit of work ends. */
  abstract hold(brandId: BrandId, id: string): Promise<WebhookEndpoint | null>;
  /** How many the brand has. Until the unit of work ends nobody else counts them, so that the answer stays true. */
  abstract count(brandId: BrandId): Promise<number>;
  /** The ids of those that are enabled and let one of the patterns through. */
  abstract listening(brandId: BrandId, patterns: readonly string[]): Promise<string[]>;
  abstract save(endpoint: WebhookEndpoint): Promise<void>;
}
