import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often a brand's credentials may call; null: as the settings say. */
export class RateLimits1764200000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table brands
        add api_key_per_minute int check (api_key_per_minute > 0),
        add license_key_per_minute int check (license_key_per_minute > 0),
        add instance_per_minute int check (instance_per_minute > 0)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table brands drop api_key_per_minute, drop license_key_per_minute, drop instance_per_minute');
  }
}
