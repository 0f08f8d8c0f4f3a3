import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { parsePublicId } from '../../../libs/kernel/id';
import { type LoggedEvent, Subscribe } from '../../../libs/messaging/subscribers';
import { DropReplacedKeys } from '../use-cases/drop-replaced-keys';
import { WriteOfExpiry } from '../use-cases/write-of-expiry';

/** Hears what happens to licenses, as far as mails depend on it. */
@Injectable()
export class LicenseNews {
  constructor(private readonly commands: CommandBus) {}

  @Subscribe('license.expiring_soon')
  async endings(events: readonly LoggedEvent[]): Promise<void> {
    const endings = events.map(({ data }) => {
      const { id, expires_at, days_before } = data as { id: string; expires_at: string; days_before: number };
      return { licenseId: parsePublicId('license', id)!, expiresAt: expires_at, daysBefore: days_before };
    });
    await this.commands.execute(new WriteOfExpiry(events[0]!.brandId, endings));
  }

  @Subscribe('license_key.reissued')
  async reissues(events: readonly LoggedEvent[]): Promise<void> {
    for (const { brandId, data, occurredAt } of events) {
      const { id } = data as { id: string };
      await this.commands.execute(new DropReplacedKeys(brandId, parsePublicId('licenseKey', id)!, occurredAt));
    }
  }
}
