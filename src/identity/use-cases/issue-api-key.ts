import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { isAllBrands, type Reach } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { ApiKey, type ApiKeyState, type NewApiKey } from '../domain/api-key';
import { ApiKeys } from '../ports/api-keys';
import { SecretMint } from '../ports/secret-mint';

/** A key with its secret, which is told this once. */
export interface ApiKeyWithSecret {
  readonly state: ApiKeyState;
  readonly secret: string;
}

/** Issues a key of a brand, or, over all brands, an internal one. */
export class IssueApiKey extends Command<ApiKeyWithSecret> {
  constructor(
    readonly reach: Reach,
    readonly asked: NewApiKey,
    readonly grantable: readonly string[],
  ) {
    super();
  }
}

@CommandHandler(IssueApiKey)
export class IssueApiKeyHandler implements ICommandHandler<IssueApiKey> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly keys: ApiKeys,
    private readonly mint: SecretMint,
    private readonly clock: Clock,
  ) {}

  execute({ reach, asked, grantable }: IssueApiKey): Promise<ApiKeyWithSecret> {
    return this.work.run(reach, async () => {
      const brandId = isAllBrands(reach) ? null : reach;
      const secret = this.mint.mint(brandId === null ? 'internal' : 'brand');
      const key = ApiKey.issue(brandId, asked, grantable, secret, this.clock.now());
      await this.keys.save(key);
      return { state: key.state, secret: secret.text };
    });
  }
}
