import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the hot paths and those who watch them need. */
export class Speed1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The trace of the request that caused the event, as W3C Trace Context writes it: it goes on with the event.
      alter table outbox_events add column traceparent text;
      -- For the number of events that wait for somebody to look at them.
      create index event_set_asides_open on event_set_asides (set_aside_at) where resolved_at is null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table outbox_events drop column traceparent; drop index event_set_asides_open');
  }
}
