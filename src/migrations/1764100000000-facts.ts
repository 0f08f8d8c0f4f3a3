import type { MigrationInterface, QueryRunner } from 'typeorm';
import { wallAround } from './wall';

/** What leaves the process or remembers what did: ordered events, audit, idempotency keys, notices of expiry, jobs. */
export class Facts1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(events);
    await runner.query(audit);
    await runner.query(requests);
    await runner.query(time);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table encryption_keys, jobs, idempotency_keys, audit_heads, audit_seals, audit_logs, event_set_asides, event_cursors;
      alter table licenses drop column noticed_until, drop column next_notice_at;
      alter table outbox_events drop column sequence, add column delivered_at timestamptz;
      revoke delete on outbox_events from latchkey_runtime;
      create index outbox_events_undelivered on outbox_events (position) where delivered_at is null;
    `);
  }
}

const events = `
  -- The place in the brand's log: without a gap, given by the relay once the event is committed. A position may commit late; a sequence never does.
  alter table outbox_events drop column delivered_at, add column sequence bigint;
  create index outbox_events_unnumbered on outbox_events (brand_id, position) where sequence is null;
  create unique index outbox_events_in_order on outbox_events (brand_id, sequence) where sequence is not null;
  create index outbox_events_of_type on outbox_events (brand_id, type, sequence) where sequence is not null;
  grant delete on outbox_events to latchkey_runtime;

  -- How far each outlet of a brand's log has come; 'log' is the numbering itself. A row that is locked is being worked on.
  create table event_cursors (
    brand_id uuid not null,
    outlet text not null,
    sequence bigint not null,
    attempts int not null default 0,
    retry_at timestamptz,
    last_error text,
    primary key (brand_id, outlet)
  );

  -- What an outlet could not be made to take: an operator looks at it, the others behind it went on.
  create table event_set_asides (
    brand_id uuid not null,
    outlet text not null,
    event_id uuid not null,
    error text not null,
    attempts int not null,
    set_aside_at timestamptz not null,
    resolved_at timestamptz,
    primary key (brand_id, outlet, event_id)
  );
  ${wallAround('event_cursors')}
  ${wallAround('event_set_asides')}
`;

const audit = `
  -- Written with the change it tells of, and never touched again: no UPDATE, no DELETE.
  create table audit_logs (
    brand_id uuid not null,
    id uuid not null,
    position bigint generated always as identity,
    actor text not null,
    action text not null,
    target text,
    outcome text not null check (outcome in ('done', 'refused')),
    code text,
    before jsonb,
    after jsonb,
    request_id text,
    ip text,
    occurred_at timestamptz not null,
    primary key (brand_id, id)
  );
  create index audit_logs_by_id on audit_logs (id);
  create index audit_logs_of_target on audit_logs (brand_id, target, id);
  create index audit_logs_of_actor on audit_logs (brand_id, actor, id);
  create index audit_logs_of_time on audit_logs (brand_id, occurred_at);

  -- The chain: each hash is over the one before it and the row, and is signed. A row waits here without a sequence until it is sealed.
  create table audit_seals (
    brand_id uuid not null,
    audit_log_id uuid not null,
    sequence bigint,
    hash bytea,
    signature bytea,
    key_version int,
    primary key (brand_id, audit_log_id),
    check (num_nulls(sequence, hash, signature, key_version) in (0, 4))
  );
  create index audit_seals_waiting on audit_seals (brand_id, audit_log_id) where sequence is null;
  create unique index audit_seals_in_order on audit_seals (brand_id, sequence) where sequence is not null;

  -- Where the chain ends, signed with a key that the database does not hold.
  create table audit_heads (
    brand_id uuid primary key,
    sequence bigint not null,
    hash bytea not null,
    signature bytea not null,
    key_version int not null,
    signed_at timestamptz not null
  );
  ${wallAround('audit_logs', 'select, insert')}
  ${wallAround('audit_seals')}
  ${wallAround('audit_heads')}
`;

const requests = `
  -- What a request with an Idempotency-Key was answered. The answer is encrypted: it may hold a secret.
  create table idempotency_keys (
    brand_id uuid not null,
    credential_id text not null,
    method text not null,
    route text not null,
    key text not null,
    request_hash bytea not null,
    status int not null,
    answer bytea not null,
    created_at timestamptz not null,
    primary key (brand_id, credential_id, method, route, key)
  );
  create index idempotency_keys_by_age on idempotency_keys (created_at);
  ${wallAround('idempotency_keys', 'select, insert, delete')}

  -- What each encryption key makes of a fixed text: a start with another key under a known version is refused.
  create table encryption_keys (version int primary key, fingerprint bytea not null);
  grant select, insert on encryption_keys to latchkey_runtime;
`;

const time = `
  -- Up to when the clock's own events of the present term were told, and when the next one is due; null: none.
  alter table licenses add column noticed_until timestamptz not null default now(), add column next_notice_at timestamptz;
  alter table licenses alter column noticed_until drop default;
  update licenses set next_notice_at = now() where expires_at is not null and status <> 'cancelled';
  create index licenses_by_next_notice on licenses (next_notice_at) where next_notice_at is not null;

  -- Work that comes back: whoever moves it on into the future does it meanwhile.
  create table jobs (
    name text primary key,
    next_run_at timestamptz not null,
    last_run_at timestamptz,
    last_error text
  );
  grant select, insert, update on jobs to latchkey_runtime;
`;
