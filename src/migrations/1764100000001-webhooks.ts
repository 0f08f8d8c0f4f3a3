import type { MigrationInterface, QueryRunner } from 'typeorm';
import { wallAround } from './wall';

/** Endpoints of webhooks, what was sent to them, and what they answered. */
export class Webhooks1764100000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table webhook_attempts, webhook_deliveries, webhook_endpoints');
  }
}

const tables = `
  create table webhook_endpoints (
    brand_id uuid not null references brands,
    id uuid not null,
    url text not null,
    event_types text[] not null,
    description text,
    status text not null check (status in ('enabled', 'disabled')),
    disabled_reason text,
    -- Encrypted, behind the version of the key that did it. A deleted endpoint has none.
    secret bytea,
    previous_secret bytea,
    previous_until timestamptz,
    -- What was queued before is not sent any more.
    enabled_at timestamptz not null,
    -- Since when it has answered with nothing but failures, and the last of them.
    failing_since timestamptz,
    last_failure_at timestamptz,
    slow boolean not null,
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    primary key (brand_id, id),
    check ((secret is null) = (deleted_at is not null))
  );

  create table webhook_deliveries (
    brand_id uuid not null,
    id uuid not null,
    endpoint_id uuid not null,
    event_id uuid not null,
    event_type text not null,
    cause text not null check (cause in ('event', 'test', 'replay')),
    -- failed: every attempt was made, a dead letter. cancelled: its endpoint was removed or disabled.
    status text not null check (status in ('pending', 'succeeded', 'failed', 'cancelled')),
    attempts int not null,
    next_attempt_at timestamptz,
    -- Who claimed it, and until when that one is taken to be alive; it says so again and again.
    lease uuid,
    leased_until timestamptz,
    created_at timestamptz not null,
    settled_at timestamptz,
    primary key (brand_id, id),
    foreign key (brand_id, endpoint_id) references webhook_endpoints,
    check ((status = 'pending') = (next_attempt_at is not null)),
    check ((status = 'pending') = (settled_at is null)),
    check (status = 'pending' or leased_until is null),
    check ((lease is null) = (leased_until is null))
  );
  -- An event comes to an endpoint once, however often it is delivered to us.
  create unique index webhook_deliveries_once on webhook_deliveries (brand_id, endpoint_id, event_id) where cause = 'event';
  create index webhook_deliveries_due on webhook_deliveries (brand_id, endpoint_id, next_attempt_at, created_at) where status = 'pending';
  -- Tells at one look that nothing is due.
  create index webhook_deliveries_next on webhook_deliveries (next_attempt_at) where status = 'pending';
  create index webhook_deliveries_leased on webhook_deliveries (brand_id, endpoint_id) where leased_until is not null;
  create index webhook_deliveries_of_endpoint on webhook_deliveries (brand_id, endpoint_id, id);
  create index webhook_deliveries_by_age on webhook_deliveries (settled_at) where settled_at is not null;

  create table webhook_attempts (
    brand_id uuid not null,
    delivery_id uuid not null,
    number int not null,
    status int,
    error text,
    latency_ms int not null,
    answer text,
    attempted_at timestamptz not null,
    primary key (brand_id, delivery_id, number),
    foreign key (brand_id, delivery_id) references webhook_deliveries on delete cascade
  );
  create index webhook_attempts_by_age on webhook_attempts (attempted_at) where answer is not null;

  ${wallAround('webhook_endpoints')}
  ${wallAround('webhook_deliveries', 'select, insert, update, delete')}
  ${wallAround('webhook_attempts', 'select, insert, update, delete')}
`;
