import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ApiKeyNotFound } from '../domain/errors';
import { ApiKeys } from '../ports/api-keys';
import { SecretMint } from '../ports/secret-mint';
import type { ApiKeyWithSecret } from './issue-api-key';

/** Gives a key a new secret; the old one works for the overlap. */
export class RotateApiKey extends Command<ApiKeyWithSecret> {
  constructor(
    readonly brandId: BrandId,
    readonly id: string,
    readonly overlapSeconds: number,
    readonly grantable: readonly string[],
  ) {
    super();
  }
}

@CommandHandler(RotateApiKey)
export class RotateApiKeyHandler implements ICommandHandler<RotateApiKey> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly keys: ApiKeys,
    private readonly mint: SecretMint,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, id, overlapSeconds, grantable }: RotateApiKey): Promise<ApiKeyWithSecret> {
    return this.work.run(brandId, async () => {
      const key = await this.keys.hold(brandId, id);
      if (!key) throw new ApiKeyNotFound();
      const secret = this.mint.mint(key.state.role);
      key.rotate(secret, overlapSeconds, grantable, this.clock.now());
      await this.keys.save(key);
      return { state: key.state, secret: secret.text };
    });
  }
}
