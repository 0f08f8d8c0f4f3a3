import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Background } from '../../../libs/messaging/background';
import { runAs } from '../../../libs/persistence/provenance';
import { allBrands } from '../../identity';
import { TellOfExpiry } from '../use-cases/tell-of-expiry';

/** Lets time itself give its command. Any number of instances do so at once. */
@Injectable()
export class ExpiryWatch {
  constructor(
    background: Background,
    private readonly commands: CommandBus,
  ) {
    background.add('expiry', 5_000, () => this.look());
  }

  private async look(): Promise<boolean> {
    const { more } = await runAs({ requestId: null, actor: 'clock' }, () => this.commands.execute(new TellOfExpiry(allBrands)));
    return more;
  }
}
