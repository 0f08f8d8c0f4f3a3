import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { Logger } from 'pino';
import { httpAdapter, listenPrivately, prepareHttp } from '../libs/http/server';
import { Background } from '../libs/messaging/background';
import { Metrics } from '../libs/telemetry/metrics';
import { passingOn, Tracing } from '../libs/telemetry/tracing';
import { AppModule, type Settings } from './app.module';
import type { Config } from './core/config';
import { NestLog } from './core/logger';
import { ReadinessCheck } from './core/readiness';
import { runtimeDataSource } from './data-source';
import { openApiDocument } from './openapi-document';
import { refuseUnsafeStart } from './safe-start';

export interface Service {
  readonly app: NestFastifyApplication;
  /** Where it listens, as a URL. */
  readonly url: string;
  /** Lets the requests under way finish, for so long; then ends. Idempotent. */
  stop(): Promise<void>;
}

export const settingsOf = (config: Config, databaseUrl: string, tracing = passingOn): Settings => ({
  database: runtimeDataSource(databaseUrl, config.DATABASE_POOL_SIZE),
  redisUrl: config.REDIS_URL ?? null,
  peppers: config.peppers,
  mode: config.production ? 'live' : 'test',
  hasPrivatePort: config.PRIVATE_PORT !== undefined,
  encryptionKeys: config.encryptionKeys,
  allowsPrivateTargets: config.WEBHOOKS_ALLOW_PRIVATE,
  eventsUrl: config.EVENTS_URL ?? null,
  expiryNoticeDays: config.expiryNoticeDays,
  retention: {
    idempotencyHours: config.RETENTION_IDEMPOTENCY_HOURS,
    eventsDays: config.RETENTION_EVENTS_DAYS,
    deliveriesDays: config.RETENTION_DELIVERIES_DAYS,
    answersDays: config.RETENTION_ANSWERS_DAYS,
  },
  tracing,
  legacyBrand: config.LEGACY_BRAND ?? null,
  mailCarrier: config.mailCarrier,
  mailFrom: config.mailFrom,
  fakeStripeUrl: config.production ? null : config.STRIPE_FAKE_URL,
  rateLimits: {
    isOn: config.RATE_LIMITS === 'on',
    perMinute: {
      api_key: config.RATE_LIMIT_API_KEY,
      instance: config.RATE_LIMIT_INSTANCE,
      license_key: config.RATE_LIMIT_LICENSE_KEY,
      failed_tries: config.RATE_LIMIT_FAILED_TRIES,
      public: config.RATE_LIMIT_PUBLIC,
    },
  },
});

/** Starts the whole service over a migrated database. */
export async function startService(
  config: Config,
  databaseUrl: string,
  log: Logger,
  module = AppModule.with(settingsOf(config, databaseUrl)),
): Promise<Service> {
  const app = await NestFactory.create<NestFastifyApplication>(module, httpAdapter({ trustProxy: config.trustProxy }), {
    bodyParser: false,
    logger: new NestLog(log),
    abortOnError: false,
  });
  const fastify = prepareHttp(app, { log, metrics: app.get(Metrics), tracing: app.get(Tracing) });
  if (config.DOCS) {
    const swaggerOptions = { persistAuthorization: true, tryItOutEnabled: true };
    SwaggerModule.setup('docs', app, () => openApiDocument(app), { jsonDocumentUrl: 'openapi.json', swaggerOptions });
  }
  await refuseUnsafeStart(app);
  if (config.production && config.RATE_LIMITS === 'off') log.warn('RATE_LIMITS is off: nobody who floods or guesses is stopped');
  await app.listen(config.PORT, config.host);
  const privately = config.PRIVATE_PORT === undefined ? null : await listenPrivately(fastify, config.PRIVATE_PORT, config.host);

  if (config.BACKGROUND_WORK) app.get(Background).start();

  const { port } = fastify.server.address() as AddressInfo;
  const host = config.host === '0.0.0.0' || config.host === '127.0.0.1' ? 'localhost' : config.host;
  let stopped: Promise<void> | null = null;
  const stop = () => (stopped ??= drain(app, [fastify.server, ...(privately ? [privately] : [])], config.SHUTDOWN_SECONDS));
  return { app, url: `http://${host}:${port}`, stop };
}

async function drain(app: NestFastifyApplication, servers: Server[], seconds: number): Promise<void> {
  app.get(ReadinessCheck).stop();
  // A connection whose last answer is out ends at once, rather than being kept alive until all are cut.
  servers.forEach((server) => (server.keepAliveTimeout = 1));
  // Work in the background is picked up by others, or after the next start.
  const background = app.get(Background).stop();
  const impatient = setTimeout(() => servers.forEach((server) => server.closeAllConnections()), seconds * 1000);
  await Promise.race([background, sleep(seconds * 1000, undefined, { ref: false })]);
  await app.close();
  await app.get(Tracing).close();
  servers.forEach((server) => server.close());
  clearTimeout(impatient);
}
