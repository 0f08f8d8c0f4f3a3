import { Injectable } from '@nestjs/common';
import { Client, type ClientConfig } from 'pg';
import { DataSource } from 'typeorm';
import { Database } from '../../../libs/persistence/database';

const channel = 'latchkey_events';

/** Calls are gathered for so long: a notification in each transaction would make commits wait for each other. */
const gatherMs = 20;

/** Tells the instances of each other's events, so that nobody has to wait for the next look. A call that is lost costs a second. */
@Injectable()
export class Wakeups {
  private client: Client | null = null;
  private calling: NodeJS.Timeout | null = null;

  constructor(
    private readonly source: DataSource,
    private readonly db: Database,
  ) {}

  call(): void {
    this.calling ??= setTimeout(() => {
      this.calling = null;
      this.db.beforeBrand('select pg_notify($1, $2)', [channel, '']).catch(() => undefined);
    }, gatherMs).unref();
  }

  /** Keeps a connection that listens, and makes a new one where it was lost. */
  async listen(heard: () => void): Promise<false> {
    if (this.client) return false;
    const { url, extra, connectTimeoutMS } = this.source.options as { url: string; extra: ClientConfig; connectTimeoutMS: number };
    const client = new Client({
      ...extra,
      connectionString: url,
      application_name: 'latchkey listener',
      connectionTimeoutMillis: connectTimeoutMS,
    });
    let alive = true;
    const lost = () => {
      alive = false;
      if (this.client === client) this.client = null;
    };
    client.on('error', lost).on('end', lost).on('notification', heard);
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    if (alive) this.client = client;
    heard();
    return false;
  }

  async close(): Promise<void> {
    if (this.calling) clearTimeout(this.calling);
    const client = this.client;
    this.client = null;
    await client?.end().catch(() => undefined);
  }
}
