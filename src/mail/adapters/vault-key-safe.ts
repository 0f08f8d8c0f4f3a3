import { Injectable } from '@nestjs/common';
import type { SealedColumns } from '../../../libs/persistence/resealing';
import { CannotOpen, Vault } from '../../../libs/vault/vault';
import { KeySafe } from '../ports/key-safe';

@Injectable()
export class VaultKeySafe implements KeySafe {
  constructor(private readonly vault: Vault) {}

  seal(mailId: string, licenseKey: string): Buffer {
    return this.vault.seal(licenseKey, contextOf(mailId));
  }

  open(mailId: string, sealed: Buffer): string | null {
    try {
      return this.vault.open(sealed, contextOf(mailId));
    } catch (error) {
      if (error instanceof CannotOpen) return null;
      throw error;
    }
  }
}

const contextOf = (mailId: string): string => `mail ${mailId}`;

export const sealedMailColumns: SealedColumns = {
  table: 'mails',
  key: ['brand_id', 'id'],
  columns: ['sealed'],
  contextOf: ({ id }) => contextOf(String(id)),
};
