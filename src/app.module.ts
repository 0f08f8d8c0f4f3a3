import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { RateLimits } from '../libs/http/rate-limits/limits';
import { PrivatePort } from '../libs/http/server';
import { Retention } from '../libs/messaging/jobs';
import { isUnavailable } from '../libs/persistence/sql-state';
import { Tracing } from '../libs/telemetry/tracing';
import { type EncryptionKey, EncryptionKeys } from '../libs/vault/vault';
import { ActivationsModule } from './activations';
import { AuditModule } from './audit';
import { BillingModule, StripeAddress } from './billing';
import { BrandsModule } from './brands';
import { CoreModule } from './core/core.module';
import { RedisAddress } from './core/redis';
import { EventsAddress, EventsModule } from './events';
import { IdentityModule, KeyMode, LegacyBrand } from './identity';
import { LegacyModule } from './legacy';
import { ExpiryNotices, LicensesModule, type Pepper, Peppers } from './licenses';
import { type Carrier, MailModule, MailRoute } from './mail';
import { WebhooksModule, WebhookTargets } from './webhooks';

/** What the outside decides. */
export interface Settings {
  readonly database: DataSourceOptions;
  readonly redisUrl: string | null;
  readonly peppers: readonly Pepper[];
  readonly mode: KeyMode['mode'];
  readonly hasPrivatePort: boolean;
  readonly encryptionKeys: readonly EncryptionKey[];
  readonly allowsPrivateTargets: boolean;
  readonly eventsUrl: string | null;
  readonly expiryNoticeDays: readonly number[];
  readonly retention: Retention;
  readonly tracing: Tracing;
  readonly rateLimits: RateLimits;
  readonly legacyBrand: string | null;
  /** Who carries mails to customers; null: they wait. */
  readonly mailCarrier: Carrier | null;
  readonly mailFrom: string;
  /** Where the fake Stripe is; null: nowhere. */
  readonly fakeStripeUrl: string | null;
}

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const { database } = settings;
    const providers = [
      { provide: RedisAddress, useValue: { url: settings.redisUrl } satisfies RedisAddress },
      { provide: Peppers, useValue: { all: settings.peppers } satisfies Peppers },
      { provide: KeyMode, useValue: { mode: settings.mode } satisfies KeyMode },
      { provide: PrivatePort, useValue: { isSet: settings.hasPrivatePort, isNeeded: settings.mode === 'live' } satisfies PrivatePort },
      { provide: Tracing, useValue: settings.tracing },
      { provide: EncryptionKeys, useValue: { all: settings.encryptionKeys } satisfies EncryptionKeys },
      { provide: WebhookTargets, useValue: { allowsPrivate: settings.allowsPrivateTargets } satisfies WebhookTargets },
      { provide: EventsAddress, useValue: { url: settings.eventsUrl } satisfies EventsAddress },
      { provide: ExpiryNotices, useValue: { daysBefore: settings.expiryNoticeDays } satisfies ExpiryNotices },
      { provide: Retention, useValue: settings.retention },
      { provide: RateLimits, useValue: settings.rateLimits },
      { provide: LegacyBrand, useValue: { slug: settings.legacyBrand } satisfies LegacyBrand },
      { provide: MailRoute, useValue: { carrier: settings.mailCarrier, from: settings.mailFrom } satisfies MailRoute },
      { provide: StripeAddress, useValue: { fakeUrl: settings.fakeStripeUrl } satisfies StripeAddress },
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
        EventsModule,
        AuditModule,
        WebhooksModule,
        MailModule,
        BillingModule,
        LegacyModule,
      ],
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}
