import type { MigrationInterface, QueryRunner } from 'typeorm';
import { wallAround } from './wall';

/** Plans, accounts at Stripe, what Stripe told, and what was bought. */
export class Billing1764300000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table billing_drift, billing_payments, billing_invoices, billing_purchases, billing_customers, billing_looks, stripe_events,
                 billing_accounts, plans
    `);
  }
}

const tables = `
  create table plans (
    brand_id uuid not null references brands,
    id uuid not null,
    code text not null,
    name text not null,
    description text,
    grants jsonb not null,
    interval text not null check (interval in ('month', 'year', 'lifetime')),
    trial_days int not null check (trial_days >= 0),
    grace_days int not null check (grace_days >= 0),
    stripe_price_id text,
    former_price_ids text[] not null,
    price jsonb,
    status text not null check (status in ('active', 'archived')),
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (brand_id, id)
  );
  create unique index plans_code_unique on plans (brand_id, code);
  create unique index plans_price_unique on plans (brand_id, stripe_price_id);

  create table billing_accounts (
    brand_id uuid primary key references brands,
    -- Encrypted, behind the version of the key that did it.
    secret_key bytea not null,
    livemode bool not null,
    publishable_key text not null,
    webhook_secret bytea not null,
    previous_webhook_secret bytea,
    previous_until timestamptz,
    allowed_hosts text[] not null,
    links jsonb not null,
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check ((previous_webhook_secret is null) = (previous_until is null))
  );

  -- What Stripe sent, as it came. One row an event, however often it is sent.
  create table stripe_events (
    brand_id uuid not null references brands,
    id text not null,
    type text not null,
    -- The purchase or payment it is about, as Stripe names it.
    subject text,
    body bytea not null,
    -- waiting: to be processed. done. ignored: concerns no license. set_aside: cannot be processed; a person has to look.
    status text not null check (status in ('waiting', 'done', 'ignored', 'set_aside')),
    error text,
    attempts int not null,
    next_attempt_at timestamptz,
    created_at timestamptz,
    received_at timestamptz not null,
    processed_at timestamptz,
    primary key (brand_id, id),
    check ((status = 'waiting') = (next_attempt_at is not null))
  );
  create index stripe_events_due on stripe_events (next_attempt_at) where status = 'waiting';
  create index stripe_events_of_subject on stripe_events (brand_id, subject) where status = 'waiting';
  create index stripe_events_in_order on stripe_events (brand_id, received_at, id);
  create index stripe_events_by_age on stripe_events (received_at) where status <> 'waiting';

  -- Who is looking at a purchase at present: one at a time, so that what was seen later counts.
  create table billing_looks (
    brand_id uuid not null references brands,
    subject text not null,
    lease uuid not null,
    leased_until timestamptz not null,
    primary key (brand_id, subject)
  );

  create table billing_customers (
    brand_id uuid not null references brands,
    id text not null,
    email text,
    name text,
    -- Whose licenses its purchases drive, where support said so.
    linked_email text,
    followed bool not null,
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (brand_id, id)
  );
  create index billing_customers_by_email on billing_customers (brand_id, email);
  create index billing_customers_by_link on billing_customers (brand_id, linked_email) where linked_email is not null;

  create table billing_purchases (
    brand_id uuid not null references brands,
    id uuid not null,
    subject text not null,
    kind text not null check (kind in ('subscription', 'payment')),
    customer_id text,
    customer_email text,
    plan_code text,
    status text not null check (status in ('incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'ended')),
    paused bool not null,
    renews bool not null,
    price_id text,
    quantity int not null check (quantity > 0),
    trial_end timestamptz,
    period_end timestamptz,
    ended_at timestamptz,
    as_of timestamptz not null,
    -- null: it has to be looked up.
    looked_at timestamptz,
    license_key_id uuid,
    done jsonb,
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (brand_id, id),
    foreign key (brand_id, license_key_id) references license_keys
  );
  create unique index billing_purchases_subject_unique on billing_purchases (brand_id, subject);
  create index billing_purchases_of_customer on billing_purchases (brand_id, customer_id);
  create index billing_purchases_by_email on billing_purchases (brand_id, customer_email);
  create index billing_purchases_of_key on billing_purchases (brand_id, license_key_id);
  create index billing_purchases_not_looked_up on billing_purchases (brand_id, updated_at) where looked_at is null;

  create table billing_invoices (
    brand_id uuid not null,
    purchase_id uuid not null,
    id text not null,
    status text not null check (status in ('draft', 'open', 'failed', 'uncollectible', 'void', 'paid')),
    period_end timestamptz,
    amount_due bigint not null,
    amount_paid bigint not null,
    currency text not null,
    action_url text,
    created_at timestamptz not null,
    primary key (brand_id, purchase_id, id),
    foreign key (brand_id, purchase_id) references billing_purchases
  );

  create table billing_payments (
    brand_id uuid not null,
    purchase_id uuid not null,
    id text not null,
    refunded bool not null,
    dispute text not null check (dispute in ('none', 'open', 'won', 'lost')),
    primary key (brand_id, purchase_id, id),
    foreign key (brand_id, purchase_id) references billing_purchases
  );
  create index billing_payments_by_id on billing_payments (brand_id, id);

  -- Where licenses are not as what was paid says.
  create table billing_drift (
    brand_id uuid not null references brands,
    subject text not null,
    cause text not null,
    detail text not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (brand_id, subject, cause)
  );

  ${wallAround('plans')}
  ${wallAround('billing_accounts')}
  ${wallAround('stripe_events', 'select, insert, update, delete')}
  ${wallAround('billing_looks', 'select, insert, update, delete')}
  ${wallAround('billing_customers')}
  ${wallAround('billing_purchases')}
  ${wallAround('billing_invoices', 'select, insert, update, delete')}
  ${wallAround('billing_payments', 'select, insert, update, delete')}
  ${wallAround('billing_drift', 'select, insert, update, delete')}
`;
