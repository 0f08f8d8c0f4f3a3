import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Reach } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import type { ApiKeyState } from '../domain/api-key';
import { ApiKeyNotFound } from '../domain/errors';
import { ApiKeys } from '../ports/api-keys';

/** Ends a key, at once and for good; over all brands, an internal one too. */
export class RevokeApiKey extends Command<ApiKeyState> {
  constructor(
    readonly reach: Reach,
    readonly id: string,
  ) {
    super();
  }
}

@CommandHandler(RevokeApiKey)
export class RevokeApiKeyHandler implements ICommandHandler<RevokeApiKey> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly keys: ApiKeys,
    private readonly clock: Clock,
  ) {}

  execute({ reach, id }: RevokeApiKey): Promise<ApiKeyState> {
    return this.work.run(reach, async () => {
      const key = await this.keys.hold(reach, id);
      if (!key) throw new ApiKeyNotFound();
      key.revoke(this.clock.now());
      await this.keys.save(key);
      return key.state;
    });
  }
}
