import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where a license came from, and whether it renews by itself. */
export class Origin1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table licenses
        add origin jsonb not null default '{"by": "api", "plan": null, "reference": null}' check (origin->>'by' in ('api', 'purchase', 'support')),
        add renews bool not null default false
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table licenses drop origin, drop renews');
  }
}
