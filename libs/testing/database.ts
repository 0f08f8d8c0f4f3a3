import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** The migrated database that every test's own is copied from. */
export const template = 'latchkey_template';

const urlAs = (user: string, database: string): string => {
  const url = new URL(process.env.TEST_POSTGRES_URL!);
  url.username = user;
  url.pathname = `/${database}`;
  return url.href;
};

export const ownerUrl = (database: string): string => urlAs('postgres', database);
export const runtimeUrl = (database: string): string => urlAs('latchkey_runtime', database);

export async function withOwner<T>(database: string, work: (owner: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: ownerUrl(database) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A database of the test's own, migrated and empty. */
export async function freshDatabase(): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withOwner('postgres', (owner) => owner.query(`create database ${name} template ${template}`));
  return name;
}

export const dropDatabase = (name: string): Promise<unknown> =>
  withOwner('postgres', (owner) => owner.query(`drop database if exists ${name} with (force)`));
