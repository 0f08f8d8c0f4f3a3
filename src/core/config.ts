import { isIP } from 'node:net';
import { join } from 'node:path';
import { plainToInstance, Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, IsUrl, Matches, Max, Min, ValidateBy, validateSync } from 'class-validator';

const developmentPeppers = '1:development-only-pepper-never-use-it-in-production';
const developmentEncryptionKeys = '1:development-only-encryption-key-never-in-production';
const versionedSecrets = /^\d{1,4}:[^,\s]{32,}(,\d{1,4}:[^,\s]{32,})*$/;
const maxPerMinute = 1_000_000;
const serverUrl = { require_tld: false, require_host: true, require_protocol: true, allow_underscores: true };

const Whole = () => Transform(({ value }) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : (value as unknown)));
const Flag = () => Transform(({ value }) => (value === 'true' || value === 'false' ? value === 'true' : (value as unknown)));

/** One address or range: 10.0.0.1, 10.0.0.0/8, fd00::/8. */
function isRange(text: string): boolean {
  const [, address = '', bits = '1'] = /^([^/]*)(?:\/([1-9]\d{0,2}))?$/.exec(text.trim()) ?? [];
  const version = isIP(address);
  return version > 0 && Number(bits) <= (version === 4 ? 32 : 128);
}
const namesProxies = (value: unknown) => typeof value === 'string' && (/^(true|false)$/.test(value) || value.split(',').every(isRange));

/** Every setting, as it stands in the environment. `.env.example` says the same to people. */
export class Config {
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  @Whole()
  @IsInt()
  @Max(65_535)
  @Min(0)
  PORT: number = 3000;

  /** Where to listen. Absent: this machine only; in production every address. */
  @IsOptional()
  @IsString()
  HOST?: string;

  /** Probes and metrics are answered only there; absent: on the public port too. */
  @IsOptional()
  @Whole()
  @IsInt()
  @Max(65_535)
  @Min(0)
  PRIVATE_PORT?: number;

  /** PostgreSQL 15 or newer; absent: the embedded one. */
  @IsOptional()
  @IsUrl(
    { ...serverUrl, protocols: ['postgres', 'postgresql'] },
    { message: 'DATABASE_URL must look like postgres://user:password@host:5432/name' },
  )
  DATABASE_URL?: string;

  /** The owner of the tables, for `latchkey migrate`; absent: DATABASE_URL. */
  @IsOptional()
  @IsUrl(
    { ...serverUrl, protocols: ['postgres', 'postgresql'] },
    { message: 'MIGRATION_DATABASE_URL must look like postgres://owner:password@host:5432/name' },
  )
  MIGRATION_DATABASE_URL?: string;

  /** `latchkey migrate` gives the role latchkey_runtime this password, so that DATABASE_URL can log in as it. */
  @IsOptional()
  @IsString()
  DATABASE_RUNTIME_PASSWORD?: string;

  @Whole()
  @IsInt()
  @Max(200)
  @Min(1)
  DATABASE_POOL_SIZE: number = 10;

  /** Absent: without Redis. */
  @IsOptional()
  @IsUrl({ ...serverUrl, protocols: ['redis', 'rediss'] }, { message: 'REDIS_URL must look like redis://host:6379' })
  REDIS_URL?: string;

  /** off: nobody is counted and nobody is told to wait, for load runs. */
  @IsIn(['on', 'off'])
  RATE_LIMITS: 'on' | 'off' = 'on';

  /** Requests of one API key. */
  @Whole()
  @IsInt()
  @Max(maxPerMinute)
  @Min(1)
  RATE_LIMIT_API_KEY: number = 3_000;

  /** Requests of one instance with one license key. */
  @Whole()
  @IsInt()
  @Max(maxPerMinute)
  @Min(1)
  RATE_LIMIT_INSTANCE: number = 120;

  /** Requests of all instances with one license key. */
  @Whole()
  @IsInt()
  @Max(maxPerMinute)
  @Min(1)
  RATE_LIMIT_LICENSE_KEY: number = 3_000;

  /** Tries from one address with credentials that are none. */
  @Whole()
  @IsInt()
  @Max(maxPerMinute)
  @Min(1)
  RATE_LIMIT_FAILED_TRIES: number = 60;

  /** Requests from one address that need no credential. */
  @Whole()
  @IsInt()
  @Max(maxPerMinute)
  @Min(1)
  RATE_LIMIT_PUBLIC: number = 600;

  /** The one brand, by id or slug, for which clients of the older API under /api are answered. Absent: they are not. */
  @IsOptional()
  @IsString()
  LEGACY_BRAND?: string;

  /** Where brands whose Stripe key is one of the fake (sk_test_latchkey_…) find it; never in production. */
  @IsUrl({ ...serverUrl, protocols: ['http'] }, { message: 'STRIPE_FAKE_URL must look like http://127.0.0.1:4242' })
  STRIPE_FAKE_URL: string = 'http://127.0.0.1:4242';

  @IsString()
  LATCHKEY_DATA_DIR: string = './data';

  @Matches(versionedSecrets, {
    message: 'LICENSE_KEY_PEPPERS must be like 1:SECRET,2:SECRET with secrets of at least 32 characters (openssl rand -hex 32)',
  })
  LICENSE_KEY_PEPPERS: string = developmentPeppers;

  @Matches(versionedSecrets, {
    message: 'ENCRYPTION_KEYS must be like 1:SECRET,2:SECRET with secrets of at least 32 characters (openssl rand -hex 32)',
  })
  ENCRYPTION_KEYS: string = developmentEncryptionKeys;

  /** Deliveries, notices of expiry and housekeeping: done by this instance too, or left to others. */
  @Flag()
  @IsBoolean({ message: 'BACKGROUND_WORK must be true or false' })
  BACKGROUND_WORK: boolean = true;

  /** Whether webhooks may go to private addresses, over plain HTTP and to any port. */
  @Flag()
  @IsBoolean({ message: 'WEBHOOKS_ALLOW_PRIVATE must be true or false' })
  WEBHOOKS_ALLOW_PRIVATE: boolean = false;

  /** The mail server for mails to customers. */
  @IsOptional()
  @IsUrl({ ...serverUrl, protocols: ['smtp', 'smtps'] }, { message: 'SMTP_URL must look like smtp://user:password@host:587' })
  SMTP_URL?: string;

  /** Or Resend, by its API. */
  @IsOptional()
  @Matches(/^[\x21-\x7e]+$/, { message: 'RESEND_API_KEY must look like re_…' })
  RESEND_API_KEY?: string;

  /** The address that mails come from. */
  @IsOptional()
  @Matches(/^[\w.+-]+@[A-Za-z0-9.-]+$/, { message: 'MAIL_FROM must be an e-mail address, without a name' })
  MAIL_FROM?: string;

  /** Where events are published as well, for other systems. Absent: nowhere. */
  @IsOptional()
  @IsUrl({ ...serverUrl, protocols: ['nats', 'tls'] }, { message: 'EVENTS_URL must look like nats://host:4222' })
  EVENTS_URL?: string;

  /** How many days before its end `license.expiring_soon` is told. */
  @Matches(/^[1-9]\d{0,2}(,[1-9]\d{0,2}){0,9}$/, { message: 'EXPIRY_NOTICE_DAYS must be days like 7,1' })
  EXPIRY_NOTICE_DAYS: string = '7,1';

  @Whole()
  @IsInt()
  @Max(8_760)
  @Min(24)
  RETENTION_IDEMPOTENCY_HOURS: number = 24;

  @Whole()
  @IsInt()
  @Max(36_500)
  @Min(7)
  RETENTION_EVENTS_DAYS: number = 90;

  @Whole()
  @IsInt()
  @Max(36_500)
  @Min(4)
  RETENTION_DELIVERIES_DAYS: number = 30;

  @Whole()
  @IsInt()
  @Max(36_500)
  @Min(1)
  RETENTION_ANSWERS_DAYS: number = 7;

  @IsIn(['debug', 'info', 'warn', 'error', 'silent'])
  LOG_LEVEL: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'info';

  /** auto: lines for people in a terminal, JSON elsewhere. */
  @IsIn(['auto', 'json', 'pretty'])
  LOG_FORMAT: 'auto' | 'json' | 'pretty' = 'auto';

  @Flag()
  @IsBoolean({ message: 'DOCS must be true or false' })
  DOCS: boolean = true;

  /** Which proxies to believe about the caller's address: true, false, or addresses and ranges. */
  @ValidateBy(
    { name: 'namesProxies', validator: { validate: namesProxies } },
    { message: 'TRUST_PROXY must be true, false, or addresses and ranges like 10.0.0.0/8,127.0.0.1' },
  )
  TRUST_PROXY: string = 'false';

  @Whole()
  @IsInt()
  @Max(300)
  @Min(1)
  SHUTDOWN_SECONDS: number = 10;

  get production(): boolean {
    return this.NODE_ENV === 'production';
  }

  get host(): string {
    return this.HOST ?? (this.production ? '0.0.0.0' : '127.0.0.1');
  }

  get mailFrom(): string {
    return this.MAIL_FROM ?? 'licenses@localhost';
  }

  /** Who carries mails. Without a server they become files; in production they wait. */
  get mailCarrier() {
    if (this.SMTP_URL) return { by: 'smtp', url: this.SMTP_URL } as const;
    if (this.RESEND_API_KEY) return { by: 'resend', apiKey: this.RESEND_API_KEY } as const;
    return this.production ? null : ({ by: 'file', folder: join(this.LATCHKEY_DATA_DIR, 'outbox') } as const);
  }

  get trustProxy(): boolean | string {
    return this.TRUST_PROXY === 'true' || (this.TRUST_PROXY !== 'false' && this.TRUST_PROXY);
  }

  get peppers(): VersionedSecret[] {
    return secretsIn(this.LICENSE_KEY_PEPPERS);
  }

  get encryptionKeys(): VersionedSecret[] {
    return secretsIn(this.ENCRYPTION_KEYS);
  }

  /** Largest first, each once. */
  get expiryNoticeDays(): number[] {
    return [...new Set(this.EXPIRY_NOTICE_DAYS.split(',').map(Number))].sort((one, other) => other - one);
  }
}

interface VersionedSecret {
  readonly version: number;
  readonly secret: string;
}

const secretsIn = (text: string): VersionedSecret[] =>
  text.split(',').map((pair) => {
    const [version = '', ...secret] = pair.split(':');
    return { version: Number(version), secret: secret.join(':') };
  });

/** What is wrong with the settings, all of it at once. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(
      `The settings are not right:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\nSee .env.example for what each of them means.`,
    );
  }
}

/** @param need what the command needs of the settings: serving needs all, migrating no peppers @throws ConfigError */
export function readConfig(environment: NodeJS.ProcessEnv, need: 'serve' | 'migrate' = 'serve'): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const config = plainToInstance(Config, given, { exposeDefaultValues: true });
  const faults = validateSync(config).flatMap(({ constraints = {} }) => Object.values(constraints));
  if (faults.length === 0) {
    if (namesTwice(config.peppers)) faults.push('LICENSE_KEY_PEPPERS names a version twice');
    if (namesTwice(config.encryptionKeys)) faults.push('ENCRYPTION_KEYS names a version twice');
  }
  if (config.SMTP_URL && config.RESEND_API_KEY) faults.push('RESEND_API_KEY and SMTP_URL are two ways for mails: set one of them');
  if (config.production) faults.push(...missingInProduction(config, need));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

const namesTwice = (secrets: VersionedSecret[]): boolean => new Set(secrets.map(({ version }) => version)).size !== secrets.length;

function missingInProduction(config: Config, need: 'serve' | 'migrate'): string[] {
  const faults: string[] = [];
  if (!config.DATABASE_URL && !(need === 'migrate' && config.MIGRATION_DATABASE_URL)) {
    faults.push('DATABASE_URL is required in production: the embedded PostgreSQL is for development');
  }
  if (need === 'serve' && config.LICENSE_KEY_PEPPERS.includes('development-only')) {
    faults.push('LICENSE_KEY_PEPPERS is required in production: the default is known to everybody (1:$(openssl rand -hex 32))');
  }
  if (need === 'serve' && config.ENCRYPTION_KEYS.includes('development-only')) {
    faults.push('ENCRYPTION_KEYS is required in production: the default is known to everybody (1:$(openssl rand -hex 32))');
  }
  if (need === 'serve' && (config.SMTP_URL || config.RESEND_API_KEY) && !config.MAIL_FROM) {
    faults.push('MAIL_FROM is required in production where mails are sent: the address that they come from');
  }
  if (config.WEBHOOKS_ALLOW_PRIVATE) faults.push('WEBHOOKS_ALLOW_PRIVATE is for development: in production it opens your own network');
  return faults;
}
