import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { parsePublicId } from '../../../libs/kernel/id';
import { type LoggedEvent, Subscribe } from '../../../libs/messaging/subscribers';
import { ReconsiderPurchase } from '../use-cases/reconsider-purchase';

/** Hears when the grace of a license ends or becomes longer. */
@Injectable()
export class LicenseTime {
  constructor(private readonly commands: CommandBus) {}

  @Subscribe('license.grace_ended')
  ended(events: readonly LoggedEvent[]): Promise<void> {
    return this.reconsider(events);
  }

  @Subscribe('license.grace_extended')
  extended(events: readonly LoggedEvent[]): Promise<void> {
    return this.reconsider(events);
  }

  private async reconsider(events: readonly LoggedEvent[]): Promise<void> {
    const keys = new Set(events.map(({ data }) => parsePublicId('licenseKey', (data as { license_key_id: string }).license_key_id)!));
    for (const key of keys) await this.commands.execute(new ReconsiderPurchase(events[0]!.brandId, key));
  }
}
