import type { MintedSecret, Role } from '../domain/api-secret';

/** Makes the secrets of API keys, marked as live or test. */
export abstract class SecretMint {
  abstract mint(role: Role): MintedSecret;
}
