import type { MintedSecret, Mode, Role } from '../domain/api-secret';

/** Makes the secrets of API keys. */
export abstract class SecretMint {
  abstract mint(role: Role): MintedSecret;
}

/** What new API keys are marked with, given by whoever starts the service. */
export abstract class KeyMode {
  abstract readonly mode: Mode;
}
