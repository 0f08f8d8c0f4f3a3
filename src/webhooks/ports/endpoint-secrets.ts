/** Makes the secrets by which receivers know us, and keeps them sealed. */
export abstract class EndpointSecrets {
  /** `text` is told to the brand once; `sealed` opens for that endpoint only. */
  abstract mint(endpointId: string): { readonly text: string; readonly sealed: Buffer };
  abstract open(endpointId: string, sealed: Buffer): string;
}
