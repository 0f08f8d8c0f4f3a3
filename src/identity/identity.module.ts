import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { FailedTries } from '../../libs/http/rate-limits/failed-tries';
import { BrandsModule } from '../brands';
import { ApiKeysController } from './adapters/api-keys.controller';
import { CallerGuard } from './adapters/caller.guard';
import { ForgetAnswers } from './adapters/forget-answers';
import { LicenseKeyTries } from './adapters/license-key-tries';
import { PostgresApiKeys, PostgresListApiKeys } from './adapters/postgres-api-keys';
import { PostgresCredentials } from './adapters/postgres-credentials';
import { RateLimitGuard } from './adapters/rate-limit.guard';
import { mintSecret } from './domain/api-secret';
import { ApiKeys } from './ports/api-keys';
import { Credentials } from './ports/credentials';
import { KeyMode, SecretMint } from './ports/secret-mint';
import { IssueApiKeyHandler } from './use-cases/issue-api-key';
import { RevokeApiKeyHandler } from './use-cases/revoke-api-key';
import { RotateApiKeyHandler } from './use-cases/rotate-api-key';

@Module({
  imports: [BrandsModule],
  controllers: [ApiKeysController],
  providers: [
    IssueApiKeyHandler,
    RotateApiKeyHandler,
    RevokeApiKeyHandler,
    PostgresListApiKeys,
    ForgetAnswers,
    FailedTries,
    RateLimitGuard,
    { provide: ApiKeys, useClass: PostgresApiKeys },
    { provide: Credentials, useClass: PostgresCredentials },
    { provide: SecretMint, inject: [KeyMode], useFactory: ({ mode }: KeyMode): SecretMint => ({ mint: (role) => mintSecret(mode, role) }) },
    { provide: APP_GUARD, useClass: CallerGuard },
    LicenseKeyTries,
  ],
})
export class IdentityModule {}
