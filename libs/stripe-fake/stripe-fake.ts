import Fastify, { type FastifyInstance } from 'fastify';
import { FakeAccount } from './account';
import { type Asked, type Fault, serveApi } from './api/serve-api';
import { type Due, nextDue } from './life/due';
import { servePages } from './pages/serve-pages';
import { day, Timeline } from './life/timeline';

export interface FakeOptions {
  /** 0 = a free one. */
  readonly port?: number;
  /** Time stands still from here on and moves by `advance` alone; without it, it runs along with the real one. */
  readonly now?: Date;
}

/** A Stripe to play with: the API, the hosted pages and the webhooks, on this machine alone. */
export class StripeFake {
  fault: Fault = null;
  readonly requests: Asked[] = [];
  url = '';
  private readonly accounts = new Map<string, FakeAccount>();
  private readonly server: FastifyInstance = Fastify({ forceCloseConnections: true, bodyLimit: 1_000_000 });

  private constructor(private readonly time: Timeline) {}

  static async start({ port = 0, now }: FakeOptions = {}): Promise<StripeFake> {
    if (process.env.NODE_ENV === 'production') throw new Error('The fake Stripe takes no real money: it does not run in production.');
    const fake = new StripeFake(new Timeline(now ?? null));
    fake.server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    serveApi(fake.server, fake);
    servePages(fake.server, fake);
    fake.url = await fake.server.listen({ port, host: '127.0.0.1' });
    return fake;
  }

  get now(): Date {
    return new Date(this.time.now() * 1000);
  }

  get everyAccount(): readonly FakeAccount[] {
    return [...this.accounts.values()];
  }

  account(secretKey: string): FakeAccount {
    const account = this.accounts.get(secretKey) ?? new FakeAccount(secretKey, this.time, this.url);
    this.accounts.set(secretKey, account);
    return account;
  }

  /** Where the events of the account go. */
  addWebhook(secretKey: string, hook: { url: string; secret: string; shape?: 'new' | 'old' }): void {
    this.account(secretKey).deliveries.hooks.push({ shape: 'new', ...hook });
  }

  /** Moves the time of all accounts; what falls into it happens in order, each at its time. */
  async advance(to: { days: number } | { to: Date }): Promise<void> {
    const end = 'to' in to ? Math.floor(to.to.getTime() / 1000) : this.time.now() + Math.round(to.days * day);
    for (let due = this.next(); due !== null && due.at <= end; due = this.next()) {
      this.time.moveTo(due.at);
      due.happen();
      await this.settled();
    }
    this.time.moveTo(end);
  }

  /** Every event so far was brought to every endpoint once. */
  async settled(): Promise<void> {
    await Promise.all([...this.accounts.values()].map((account) => account.settled()));
  }

  async stop(): Promise<void> {
    for (const account of this.accounts.values()) account.deliveries.stop();
    await this.server.close();
  }

  private next(): Due | null {
    const dues = [...this.accounts.values()].map(({ ledger }) => nextDue(ledger));
    return dues.reduce((first, due) => (due !== null && (first === null || due.at < first.at) ? due : first), null);
  }
}
