import type { MigrationInterface, QueryRunner } from 'typeorm';
import { wallAround } from './wall';

/** Mails to customers, and how those of each brand look. */
export class Mail1764300000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table mails, mail_settings');
  }
}

const tables = `
  create table mails (
    brand_id uuid not null references brands,
    id uuid not null,
    -- Why it is sent: once and for ever.
    reason text not null check (length(reason) between 1 and 255),
    template text not null check (template in ('key_issued', 'renewed', 'payment_failed', 'expiring_soon', 'key_reissued')),
    recipient text not null,
    facts jsonb not null,
    license_key_id uuid,
    -- The license key, encrypted behind the version of the key that did it. What was sent holds none.
    sealed bytea,
    status text not null check (status in ('waiting', 'sent', 'failed')),
    attempts int not null,
    next_attempt_at timestamptz,
    -- Who claimed it, and until when that one is taken to be alive.
    lease uuid,
    leased_until timestamptz,
    error text,
    created_at timestamptz not null,
    sent_at timestamptz,
    failed_at timestamptz,
    primary key (brand_id, id),
    unique (brand_id, reason),
    check (sealed is null or (status <> 'sent' and license_key_id is not null)),
    check ((status = 'waiting') = (next_attempt_at is not null)),
    check ((status = 'sent') = (sent_at is not null)),
    check ((status = 'failed') = (failed_at is not null)),
    check (status = 'waiting' or leased_until is null),
    check ((lease is null) = (leased_until is null))
  );
  create index mails_due on mails (brand_id, next_attempt_at, id) where status = 'waiting';
  -- Tells at one look that nothing is due.
  create index mails_next on mails (next_attempt_at) where status = 'waiting';
  create index mails_waiting on mails (created_at) where status = 'waiting';
  create index mails_leased on mails (brand_id) where leased_until is not null;
  create index mails_with_key on mails (brand_id, license_key_id) where sealed is not null;
  create index mails_of_status on mails (brand_id, status, id);
  create index mails_failed on mails (failed_at) where status = 'failed';

  create table mail_settings (
    brand_id uuid primary key references brands,
    sender_name text,
    reply_to text,
    colour text not null check (colour ~ '^#[0-9a-f]{6}$'),
    support_url text,
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
  );

  ${wallAround('mails')}
  ${wallAround('mail_settings')}
`;
