import type { Ask } from './load';
import type { Measured } from './measure';
import type { Peer } from './peers';
import type { Straight } from './straight';

/** A line of the table: some work, in words, and how to have it done. */
export interface Work {
  readonly work: string;
  readonly does: { readonly http: Ask } | { readonly straight: Straight };
  /** The work that this one is compared with: the same in the same run, without what this one adds. */
  readonly limit: string | null;
  /** What is asked of it, in the table's own words. */
  readonly target?: string;
  /** What was measured on the machine on which the targets were set, a second. */
  readonly there?: number;
}

export interface Row extends Work {
  readonly rounds: readonly Measured[];
}

export interface Addresses {
  readonly peers: Readonly<Record<Peer, string>>;
  readonly service: string;
  /** A service over the same database that counts requests. */
  readonly limited: string;
}

export const [bareHttp, bareFastify, oneRead] = ['bare node:http', 'bare Fastify', 'one SQL read, pg named (no HTTP)'] as const;
const [stockHit, ourHit] = ["a hit of the throttler's own storage (no HTTP)", 'a hit of our storage (no HTTP)'] as const;

/** Every work of a run, in the order in which each round does them. */
export function worksOn({ peers, service, limited }: Addresses): Work[] {
  const http = (work: string, ask: Ask, more: Partial<Work> = {}): Work => ({ work, does: { http: ask }, limit: bareFastify, ...more });
  const straight = (work: string, what: Straight, more: Partial<Work> = {}): Work => ({
    work: `${work} (no HTTP)`,
    does: { straight: what },
    limit: oneRead,
    ...more,
  });
  const bare = (work: string, peer: Peer, there: number, question: Ask['question'] = 'verify') =>
    http(work, { url: peers[peer], question, keys: 'existing' }, { there });
  const ask = (question: Ask['question'], keys: Ask['keys'], url = service): Ask => ({ url, question, keys });
  const unknown: Ask = { ...ask('verify', 'unknown'), expect: '"code":"not_found"' };
  const seatless: Ask = { ...ask('verify', 'hot'), instance: 'https://nobody.example', expect: '"code":"not_activated"' };
  const verifyTarget = '≥ 20,000 = 0.29, p99 ≤ 10 ms';
  return [
    bare(bareHttp, 'http', 74_000),
    bare(bareFastify, 'fastify', 70_000),
    bare('Nest + Fastify', 'nest', 38_000),
    bare('Nest + Fastify, a body through the stock pipe', 'stockPipe', 12_700, 'post activate'),
    bare('Nest + Fastify, a body through our pipe', 'ourPipe', 20_300, 'post activate'),
    straight('one SQL read, TypeORM findOne', 'typeorm', { there: 8_300 }),
    straight('one SQL read, pg unnamed', 'pg unnamed', { there: 11_700 }),
    straight('one SQL read, pg named', 'pg named', { there: 13_900 }),
    straight('lookups that share statements', 'lookups', { there: 30_800 }),
    straight('activate one by one, one hot license', 'one by one, hot', { there: 1_300 }),
    straight('activate one by one, over 1,000 licenses', 'one by one, spread', { there: 2_500 }),
    straight('activate shared, one hot license', 'shared, hot', { there: 14_700 }),
    straight('activate shared, over 1,000 licenses', 'shared, spread', { there: 13_900 }),
    http('verify, a random key', ask('verify', 'existing'), { target: verifyTarget }),
    http('verify, an unknown key', unknown, { target: 'as a known one' }),
    http('verify, over 50 brands', ask('verify', 'brands')),
    http('verify, a random key, rate limits on', ask('verify', 'existing', limited)),
    http('verify, an instance without a seat of one hot license', seatless),
    http('activate, one hot license', ask('activate', 'hot'), { target: '≥ 8,000 = 0.11' }),
    http('activate, over 1,000 licenses', ask('activate', 'spread'), { target: '≥ 10,000 = 0.14' }),
    http('activate and deactivate in turn, over 1,000 licenses', ask('activate and deactivate', 'spread')),
    { work: stockHit, does: { straight: 'a hit, stock' }, limit: null },
    { work: ourHit, does: { straight: 'a hit, ours' }, limit: stockHit, target: '≥ 66,667: ≤ 15 µs each' },
  ];
}

/** The single service and two behind one port, in turn. */
export function worksOnTwo(service: string, cluster: string): Work[] {
  const pair = (work: string, ask: Omit<Ask, 'url'>): Work[] => [
    { work: `${work}, one process`, does: { http: { ...ask, url: service } }, limit: null },
    { work: `${work}, two behind one port`, does: { http: { ...ask, url: cluster } }, limit: `${work}, one process` },
  ];
  return [
    ...pair('verify, a random key', { question: 'verify', keys: 'existing' }),
    ...pair('activate, one hot license', { question: 'activate', keys: 'hot' }),
    ...pair('activate, over 1,000 licenses', { question: 'activate', keys: 'spread' }),
  ];
}
