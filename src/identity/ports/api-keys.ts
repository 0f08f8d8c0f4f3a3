import type { Reach } from '../../../libs/kernel/brand-id';
import type { ApiKey } from '../domain/api-key';

export abstract class ApiKeys {
  /** Held until the unit of work ends; null when it is out of reach. */
  abstract hold(reach: Reach, id: string): Promise<ApiKey | null>;
  abstract save(key: ApiKey): Promise<void>;
}
