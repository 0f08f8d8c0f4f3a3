import { connect, type Socket } from 'node:net';
import { type Caller, type Length, type Measured, measure, type Seats } from './measure';
import { type Keys, readStock } from './stock';
import { work } from './worker';

/** A question over HTTP, as its callers ask it again and again. */
export interface Ask {
  /** Of the service, or of a bare server. */
  readonly url: string;
  readonly question: Question;
  /** Each time a random one of these. */
  readonly keys: Keys;
  /** Whose seat `verify` asks for as well; absent: nobody's. */
  readonly instance?: string;
  /** Something that must be in the body of the right answer. Default: what says yes. */
  readonly expect?: string;
}

/**
 * `activate` names a new instance every time. `activate and deactivate` lets the instance of the caller come and go. `race` is `activate`
 * where seats run out: then it is right to be refused. `post activate` sends the body of `activate` to one who answers like `verify`.
 */
export type Question = 'verify' | 'activate' | 'activate and deactivate' | 'race' | 'post activate';

/** By how many at a time and for how long. Sent to this file as its own process. */
export interface LoadJob extends Ask {
  readonly stock: string;
  readonly callers: number;
  readonly length: Length;
  /** What new instances begin with: another in every round. */
  readonly round: string;
}

/** HTTP/1.1 on one kept-alive connection, no more than these servers need: it has to cost less than what it measures. */
class Connection {
  private received: Buffer = Buffer.alloc(0);
  private answer: { done: (text: [number, string]) => void; fail: (error: Error) => void } | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly hostname: string,
  ) {
    socket.setNoDelay(true).on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.answer?.fail(error)).on('close', () => this.answer?.fail(new Error('closed before the answer')));
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((done, fail) => socket.once('connect', done).once('error', fail));
    return new Connection(socket, hostname);
  }

  post(path: string, body: string): Promise<[number, string]> {
    return new Promise((done, fail) => {
      this.answer = { done, fail };
      const head = `POST ${path} HTTP/1.1\r\nhost: ${this.hostname}\r\ncontent-type: application/json\r\ncontent-length: `;
      this.socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1');
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

async function load(job: LoadJob): Promise<Measured> {
  const seats: Seats = { taken: 0, freed: 0 };
  const connections = await Promise.all(Array.from({ length: job.callers }, () => Connection.open(job.url)));
  const measured = await measure(
    connections.map((connection, caller) => callerOf(job, connection, caller, seats)),
    job.length,
    seats,
  );
  connections.forEach((connection) => connection.close());
  return measured;
}

function callerOf(
  { question, keys, stock, round, instance, expect }: LoadJob,
  connection: Connection,
  caller: number,
  seats: Seats,
): Caller {
  const { product, keys: all } = readStock(stock);
  const these = all[keys];
  const some = () => these[Math.floor(Math.random() * these.length)]!;
  const ask = (path: string, key: string, id?: string) => {
    const seat = id === undefined ? '' : `,"instance_id":"${id}"`;
    return connection.post(`/v1/licenses/${path}`, `{"license_key":"${key}","product_code":"${product}"${seat}}`);
  };
  const judge = ([status, text]: [number, string], right: number, part: string) =>
    status === right && text.includes(part) ? null : `${status} ${Buffer.from(text, 'latin1').toString().slice(0, 300)}`;
  let times = 0;
  const nextInstance = () => `${round}-${caller}-${times++}`;
  switch (question) {
    case 'verify':
      return async () => judge(await ask('verify', some(), instance), 200, expect ?? '"valid":true');
    case 'post activate':
      return async () => judge(await ask('activate', some(), nextInstance()), 200, expect ?? '"valid":true');
    case 'activate':
    case 'race':
      return async () => {
        const [status, text] = await ask('activate', some(), nextInstance());
        if (status === 201) seats.taken++;
        if (question === 'race' && status === 409) return judge([status, text], 409, '"seat_limit_reached"');
        return judge([status, text], 201, '"activation":{');
      };
    case 'activate and deactivate': {
      const [key, mine] = [some(), `${round}-${caller}`];
      return async () => {
        const isIn = times++ % 2 === 1;
        const [status, text] = await ask(isIn ? 'deactivate' : 'activate', key, mine);
        const fault = isIn ? judge([status, text], 200, '"deactivated":true') : judge([status, text], 201, '"activation":{');
        if (fault === null) seats[isIn ? 'freed' : 'taken']++;
        return fault;
      };
    }
  }
}

if (require.main === module) work(load);
