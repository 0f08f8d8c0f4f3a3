import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import Stripe from 'stripe';
import { Agent, fetch, type RequestInit } from 'undici';
import { StripeAddress } from '../ports/stripe-address';

/** Each takes up 40 KB. */
const mostClients = 200;
const fakeKey = 'sk_test_latchkey_';

/** For each secret key a client of its own; they share connections. */
@Injectable()
export class StripeClients implements OnApplicationShutdown {
  private readonly clients = new Map<string, Stripe>();
  private readonly agent = new Agent();
  private readonly httpClient = Stripe.createFetchHttpClient(((url: string, init: RequestInit) => this.exchange(url, init)) as never);

  constructor(private readonly address: StripeAddress) {}

  of(secretKey: string): Stripe {
    const client = this.clients.get(secretKey) ?? this.made(secretKey);
    this.clients.delete(secretKey);
    this.clients.set(secretKey, client);
    const [longestUnused] = this.clients.keys();
    if (this.clients.size > mostClients) this.clients.delete(longestUnused!);
    return client;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  private made(secretKey: string): Stripe {
    // A request and its one repetition end within 7.5 s; the SDK would wait 80 s for each.
    const patience = { timeout: 3_500, maxNetworkRetries: 1 };
    return new Stripe(secretKey, { ...patience, telemetry: false, httpClient: this.httpClient, ...this.whereaboutsOf(secretKey) });
  }

  private whereaboutsOf(secretKey: string): { host?: string; port?: string; protocol?: 'http' } {
    const { fakeUrl } = this.address;
    if (fakeUrl === null || !secretKey.startsWith(fakeKey)) return {};
    const { hostname, port } = new URL(fakeUrl);
    return { host: hostname, port: port || '80', protocol: 'http' };
  }

  /** The time for a request covers its whole answer. */
  private async exchange(url: string, init: RequestInit) {
    // Where Stripe is, is known: nobody sends us elsewhere with the key in hand.
    const response = await fetch(url, { ...init, redirect: 'manual', dispatcher: this.agent });
    const { status, headers } = response;
    const text = await response.text();
    return { status, headers, text: () => Promise.resolve(isAnswer(text, status) ? text : '') };
  }
}

/**
 * Whether the SDK can stand it. It takes any JSON for an object (a number or `null` would end the process), and a failure without `error` for
 * a success, as gateways on the way send it.
 */
function isAnswer(text: string, status: number): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return false;
    const { error = null } = answer as { error?: unknown };
    return status >= 200 && status < 300 ? error === null : typeof error === 'object' && error !== null;
  } catch {
    return false;
  }
}
