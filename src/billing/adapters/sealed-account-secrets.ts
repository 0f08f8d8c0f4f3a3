import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import type { SealedColumns } from '../../../libs/persistence/resealing';
import { CannotOpen, Vault } from '../../../libs/vault/vault';
import { AccountSecrets, type SecretPurpose } from '../ports/account-secrets';

/** Sealed by the vault, for the brand and the purpose that they are of. */
@Injectable()
export class SealedAccountSecrets implements AccountSecrets {
  constructor(private readonly vault: Vault) {}

  seal(brandId: BrandId, purpose: SecretPurpose, text: string): Buffer {
    return this.vault.seal(text, contextOf(brandId, purpose));
  }

  open(brandId: BrandId, purpose: SecretPurpose, sealed: Buffer): string {
    return this.vault.open(sealed, contextOf(brandId, purpose));
  }

  holds(brandId: BrandId, purpose: SecretPurpose, sealed: Buffer, text: string): boolean {
    try {
      return this.open(brandId, purpose, sealed) === text;
    } catch (error) {
      if (error instanceof CannotOpen) return false;
      throw error;
    }
  }
}

const contextOf = (brandId: string, purpose: SecretPurpose): string => `billing account ${brandId}: ${purpose}`;

export const sealedAccountColumns: SealedColumns = {
  table: 'billing_accounts',
  key: ['brand_id'],
  columns: ['secret_key', 'webhook_secret', 'previous_webhook_secret'],
  contextOf: (row, column) => contextOf(String(row['brand_id']), column === 'secret_key' ? 'secret key' : 'webhook secret'),
};
