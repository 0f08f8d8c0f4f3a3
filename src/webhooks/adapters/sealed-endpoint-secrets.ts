import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { SealedColumns } from '../../../libs/persistence/resealing';
import { Vault } from '../../../libs/vault/vault';
import { EndpointSecrets } from '../ports/endpoint-secrets';

/** 32 bytes by chance, sealed for the endpoint that they belong to. */
@Injectable()
export class SealedEndpointSecrets implements EndpointSecrets {
  constructor(private readonly vault: Vault) {}

  mint(endpointId: string): { text: string; sealed: Buffer } {
    const text = `whsec_${randomBytes(32).toString('base64')}`;
    return { text, sealed: this.vault.seal(text, contextOf(endpointId)) };
  }

  open(endpointId: string, sealed: Buffer): string {
    return this.vault.open(sealed, contextOf(endpointId));
  }
}

const contextOf = (endpointId: string): string => `webhook endpoint ${endpointId}`;

export const sealedEndpointColumns: SealedColumns = {
  table: 'webhook_endpoints',
  key: ['brand_id', 'id'],
  columns: ['secret', 'previous_secret'],
  contextOf: ({ id }) => contextOf(String(id)),
};
