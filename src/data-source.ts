import type { EventEmitter } from 'node:events';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { outboxTable } from '../libs/persistence/outbox';
import { SnakeCaseColumns } from '../libs/persistence/snake-case-columns';
import { activationTable } from './activations/adapters/postgres-activations';
import { billingAccountTable } from './billing/adapters/postgres-billing-accounts';
import { customerTable } from './billing/adapters/postgres-customers';
import { providerEventTable } from './billing/adapters/postgres-inbox';
import { planTable } from './billing/adapters/postgres-plans';
import { purchaseInvoiceTable, purchasePaymentTable, purchaseTable } from './billing/adapters/purchase-tables';
import { brandTable } from './brands/adapters/postgres-brands';
import { productTable } from './brands/adapters/postgres-products';
import { apiKeyTable } from './identity/adapters/postgres-api-keys';
import { licenseKeyTable } from './licenses/adapters/postgres-license-keys';
import { licenseTable } from './licenses/adapters/postgres-licenses';
import { mailSettingsTable } from './mail/adapters/postgres-mail-looks';
import { mailTable } from './mail/adapters/postgres-mails';
import { Core1764000000000 } from './migrations/1764000000000-core';
import { Facts1764100000000 } from './migrations/1764100000000-facts';
import { Webhooks1764100000001 } from './migrations/1764100000001-webhooks';
import { Speed1764200000000 } from './migrations/1764200000000-speed';
import { RateLimits1764200000001 } from './migrations/1764200000001-rate-limits';
import { Origin1764300000000 } from './migrations/1764300000000-origin';
import { Mail1764300000001 } from './migrations/1764300000001-mail';
import { Billing1764300000002 } from './migrations/1764300000002-billing';
import { webhookAttemptTable, webhookDeliveryTable } from './webhooks/adapters/postgres-deliveries';
import { webhookEndpointTable } from './webhooks/adapters/postgres-webhook-endpoints';

/** The role as which the service works: it owns nothing, so row-level security holds it. */
export const runtimeRole = 'latchkey_runtime';

const common = {
  type: 'postgres',
  entities: [
    brandTable,
    productTable,
    apiKeyTable,
    licenseKeyTable,
    licenseTable,
    activationTable,
    outboxTable,
    webhookEndpointTable,
    webhookDeliveryTable,
    webhookAttemptTable,
    mailTable,
    mailSettingsTable,
    planTable,
    billingAccountTable,
    purchaseTable,
    purchaseInvoiceTable,
    purchasePaymentTable,
    customerTable,
    providerEventTable,
  ],
  migrations: [
    Core1764000000000,
    Facts1764100000000,
    Webhooks1764100000001,
    Speed1764200000000,
    RateLimits1764200000001,
    Origin1764300000000,
    Mail1764300000001,
    Billing1764300000002,
  ],
  migrationsTransactionMode: 'all',
  namingStrategy: new SnakeCaseColumns(),
  installExtensions: false,
} satisfies DataSourceOptions;

/**
 * Connections that work as the runtime role, whoever logs in. The time-outs end what a frozen instance or a long queue for a lock
 * would hold: a caller is told to come back rather than left waiting.
 */
export const runtimeDataSource = (url: string, poolSize: number): DataSourceOptions => ({
  ...common,
  url,
  poolSize,
  applicationName: 'latchkey',
  connectTimeoutMS: 2_000,
  extra: {
    options: `-c role=${runtimeRole} -c lock_timeout=1500 -c statement_timeout=2800 -c idle_in_transaction_session_timeout=5000`,
    // A server that is frozen does not count, so we do.
    query_timeout: 2_900,
    keepAlive: true,
    // Statements of one transaction may leave without waiting for each other.
    pipeline: true,
    // A connection may be ended at any moment, also while it changes hands and nobody listens: that would end the process.
    onConnect: (client: EventEmitter) => void client.on('error', () => undefined),
  },
});

/** One connection as the owner of the tables. */
export const ownerDataSource = (url: string): DataSource =>
  new DataSource({ ...common, url, poolSize: 1, applicationName: 'latchkey migrate', connectTimeoutMS: 5_000 });
