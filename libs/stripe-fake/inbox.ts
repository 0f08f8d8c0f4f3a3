import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Letter {
  readonly body: string;
  readonly signature: string;
  /** The event that it says it is. */
  readonly event: { readonly id: string; readonly type: string };
}

/** A webhook endpoint that keeps what it gets, and answers as it is told. */
export class Inbox {
  readonly letters: Letter[] = [];
  /** What it answers from now on; null = nothing at all. */
  answer: number | null = 200;
  /** How long it takes over every letter. */
  slowMs = 0;
  /** Letters that it had in hand at the same time. */
  mostAtOnce = 0;
  private atOnce = 0;

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async open(): Promise<Inbox> {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const inbox = new Inbox(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, server);
    server.on('request', (request, response) => {
      void inbox.take(request).then(() => inbox.answer !== null && response.writeHead(inbox.answer).end('{}'));
    });
    return inbox;
  }

  get types(): string[] {
    return this.letters.map(({ event }) => event.type);
  }

  private async take(request: IncomingMessage): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    const body = await bodyOf(request);
    if (this.slowMs > 0) await new Promise((later) => setTimeout(later, this.slowMs));
    this.letters.push({ body, signature: String(request.headers['stripe-signature']), event: JSON.parse(body) as Letter['event'] });
    this.atOnce--;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const part of request.setEncoding('utf8')) body += String(part);
  return body;
}
