import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { PrivatePort } from '../libs/http/server';
import { isUnavailable } from '../libs/persistence/sql-state';
import { ActivationsModule } from './activations';
import { BrandsModule } from './brands';
import { CoreModule } from './core/core.module';
import { RedisAddress } from './core/redis';
import { IdentityModule, KeyMode } from './identity';
import { LicensesModule, type Pepper, Peppers } from './licenses';

/** What the outside decides. */
export interface Settings {
  readonly database: DataSourceOptions;
  readonly redisUrl: string | null;
  readonly peppers: readonly Pepper[];
  readonly mode: KeyMode['mode'];
  readonly hasPrivatePort: boolean;
}

@Module({})
export class AppModule {
  static with({ database, redisUrl, peppers, mode, hasPrivatePort }: Settings): DynamicModule {
    const providers = [
      { provide: RedisAddress, useValue: { url: redisUrl } satisfies RedisAddress },
      { provide: Peppers, useValue: { all: peppers } satisfies Peppers },
      { provide: KeyMode, useValue: { mode } satisfies KeyMode },
      { provide: PrivatePort, useValue: { isSet: hasPrivatePort } satisfies PrivatePort },
    ];
    return {
      module: AppModule,
      global: true,
      imports: [
        TypeOrmModule.forRoot({ ...database, retryAttempts: 3, retryDelay: 1000, toRetry: isUnavailable }),
        CoreModule,
        IdentityModule,
        BrandsModule,
        LicensesModule,
        ActivationsModule,
      ],
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}
