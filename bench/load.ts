import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { Pool } from 'pg';
import type { Stock } from './stock';

/** What to ask, by how many at a time and for how long. Sent to this file as its own process. */
export interface Job {
  readonly ask: Ask | Read;
  readonly callers: number;
  readonly seconds: number;
}

/** A POST with a random one of some license keys. */
export interface Ask {
  readonly url: string;
  readonly stock: string;
  readonly keys: 'existing' | 'unknown' | 'hot' | 'spread';
  /** Given: every request names a new instance, which begins with this. */
  readonly newInstance?: string;
  readonly expect: { readonly status: number; readonly body: string };
}

/** One statement through `pg`: a license by its primary key, prepared under a name. */
export interface Read {
  readonly sql: string;
  readonly stock: string;
  readonly poolSize: number;
}

export interface Measured {
  readonly answers: number;
  readonly perSecond: number;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not as expected. */
  readonly wrong: number;
  /** One of them, in words. */
  readonly sample: string | null;
}

type Caller = () => Promise<string | null>;

/** Every caller asks again as soon as it has its answer, until the time is up; what is under way then still counts. */
async function measure(callers: Caller[], seconds: number): Promise<Measured> {
  const histogram = createHistogram();
  const [start, wrong]: [number, string[]] = [performance.now(), []];
  const end = start + seconds * 1000;
  await Promise.all(
    callers.map(async (call) => {
      for (let asked = performance.now(); asked < end;) {
        const fault = await call();
        if (fault !== null) wrong.push(fault);
        const answered = performance.now();
        histogram.record(Math.max(1, Math.round((answered - asked) * 1000)));
        asked = answered;
      }
    }),
  );
  const answers = histogram.count;
  const perSecond = answers / ((performance.now() - start) / 1000);
  const [p50, p99] = [histogram.percentile(50) / 1000, histogram.percentile(99) / 1000];
  return { answers, perSecond, p50, p99, wrong: wrong.length, sample: wrong[0] ?? null };
}

/** HTTP/1.1 on one kept-alive connection, no more than these servers need: it has to cost less than what it measures. */
class Connection {
  private received: Buffer = Buffer.alloc(0);
  private answer: { done: (text: [number, string]) => void; fail: (error: Error) => void } | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly head: string,
  ) {
    socket.setNoDelay(true).on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.answer?.fail(error)).on('close', () => this.answer?.fail(new Error('closed before the answer')));
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((done, fail) => socket.once('connect', done).once('error', fail));
    return new Connection(socket, `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: `);
  }

  post(body: string): Promise<[number, string]> {
    return new Promise((done, fail) => {
      this.answer = { done, fail };
      this.socket.write(`${this.head}${body.length}\r\n\r\n${body}`, 'latin1');
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.received.toString('latin1', 0, headEnd);
    const [, length] = /content-length: *(\d+)/i.exec(head) ?? [];
    if (length === undefined) return this.answer?.fail(new Error(`no content-length: ${head}`));
    const end = headEnd + 4 + Number(length);
    if (this.received.length < end) return;
    const text = this.received.toString('latin1', headEnd + 4, end);
    this.received = this.received.subarray(end);
    this.answer?.done([Number(head.slice(9, 12)), text]);
  }
}

async function askOverHttp({ url, stock, keys, newInstance, expect }: Ask, callers: number, seconds: number): Promise<Measured> {
  const { product, ...all } = readStock(stock);
  const mine = all[keys];
  let instances = 0;
  const body = () => {
    const instance = newInstance === undefined ? '' : `,"instance_id":"${newInstance}-${++instances}"`;
    return `{"license_key":"${mine[Math.floor(Math.random() * mine.length)]}","product_code":"${product}"${instance}}`;
  };
  const connections = await Promise.all(Array.from({ length: callers }, () => Connection.open(url)));
  const callersOf = connections.map((connection) => async () => {
    const [status, text] = await connection.post(body());
    return status === expect.status && text.includes(expect.body) ? null : `${status} ${text}`;
  });
  const measured = await measure(callersOf, seconds);
  connections.forEach((connection) => connection.close());
  return measured;
}

async function readOverSql({ sql, stock, poolSize }: Read, callers: number, seconds: number): Promise<Measured> {
  const { brandId, licenseIds } = readStock(stock);
  const pool = new Pool({ connectionString: sql, max: poolSize, min: poolSize });
  const text = 'select * from licenses where brand_id = $1 and id = $2';
  const read = async () => {
    const id = licenseIds[Math.floor(Math.random() * licenseIds.length)];
    const { rowCount } = await pool.query({ name: 'license by id', text, values: [brandId, id] });
    return rowCount === 1 ? null : `${rowCount} rows`;
  };
  const measured = await measure(Array<Caller>(callers).fill(read), seconds);
  await pool.end();
  return measured;
}

const readStock = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Stock;

process.once('message', ({ ask, callers, seconds }: Job) => {
  const measured = 'sql' in ask ? readOverSql(ask, callers, seconds) : askOverHttp(ask, callers, seconds);
  measured.then(
    (result) => process.send!(result, () => process.disconnect()),
    (error: Error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
});
