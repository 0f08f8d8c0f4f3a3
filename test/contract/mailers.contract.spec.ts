import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { FileMailer } from '../../src/mail/adapters/file-mailer';
import { mailerFor } from '../../src/mail/adapters/mailer-for';
import { NoMailer } from '../../src/mail/adapters/no-mailer';
import { ResendMailer } from '../../src/mail/adapters/resend-mailer';
import { SmtpMailer } from '../../src/mail/adapters/smtp-mailer';
import { Mailer } from '../../src/mail/ports/mailer';
import { aLetter, MailServer, type Mood, readMail, type ReadMail } from '../fixtures/mails';

Logger.overrideLogger(false);
const never = new AbortController().signal;

/** What arrived: a mail as its reader sees it. */
interface Carried {
  readonly mailer: Mailer;
  arrived(): ReadMail[];
  /** Nothing is answered from now on, though somebody is there. */
  hang(): void;
  close(): unknown;
}

async function overSmtp(): Promise<Carried> {
  const server = await MailServer.start();
  const mailer = new SmtpMailer(server.url, 500);
  return { mailer, arrived: () => server.arrived, hang: () => (server.mood = 'hangs'), close: () => server.go() };
}

/** Resend, as far as it is documented: one mail for each key. */
class FakeResend {
  readonly asked: { headers: IncomingHttpHeaders; body: any }[] = [];
  readonly sent = new Map<string, any>();
  answer: { status: number; name?: string; retryAfter?: string } | 'nothing' | 'no JSON' | null = null;
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = { headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) };
      this.asked.push(asked);
      if (this.answer === 'nothing') return;
      if (this.answer === 'no JSON') return void response.writeHead(502).end('<h1>Bad gateway</h1>');
      const { status, name, retryAfter } = this.answer ?? { status: 200 };
      if (status < 300) this.sent.set(String(request.headers['idempotency-key']), asked.body);
      response.writeHead(status, { 'content-type': 'application/json', ...(retryAfter && { 'retry-after': retryAfter }) });
      response.end(JSON.stringify(name ? { statusCode: status, name, message: `bad: ${asked.body.text}` } : { id: 'x' }));
    });
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function overResend(): Promise<Carried> {
  const resend = await new FakeResend().start();
  const mailer = new ResendMailer('re_secret', resend.url, 500);
  const arrived = () =>
    [...resend.sent.values()].map(({ from, to, reply_to, subject, text, html, headers }) => ({
      headers: { from, to: to.join(', '), 'reply-to': reply_to, subject, 'auto-submitted': headers['Auto-Submitted'] },
      ...{ text, html, recipients: to },
    }));
  const close = async () => (await mailer.onApplicationShutdown(), resend.close());
  return { mailer, arrived, hang: () => (resend.answer = 'nothing'), close };
}

async function inFiles(): Promise<Carried & { folder: string }> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-mail-'));
  const folder = join(home, 'data/outbox');
  const arrived = () =>
    readdirSync(folder).map((file) => {
      const read = readMail(readFileSync(join(folder, file), 'utf8'));
      return { ...read, recipients: [read.headers.to!] };
    });
  return { mailer: new FileMailer(folder), arrived, folder, hang: () => undefined, close: () => rmSync(home, { recursive: true }) };
}

const carriers: [string, () => Promise<Carried>][] = [
  ['over SMTP', overSmtp],
  ['over Resend', overResend],
  ['into files', inFiles],
];

describe.each(carriers)(`${Mailer.name} %s`, (how, open) => {
  let carried: Carried;
  beforeEach(async () => {
    carried = await open();
  });
  afterEach(() => carried.close());
  const send = (part: Parameters<typeof aLetter>[0] = {}) => carried.mailer.send(aLetter(part), never);

  it('carries a mail with all that is in it', async () => {
    expect(carried.mailer.isThere).toBe(true);
    expect(await send()).toEqual({ kind: 'accepted' });
    const [mail, ...others] = carried.arrived();
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ recipients: ['jane@example.com'], text: aLetter().text, html: expect.stringContaining(aLetter().html) });
    expect(mail!.headers).toMatchObject({ to: 'jane@example.com', 'reply-to': 'help@acme.example', subject: 'Your license key for Pro' });
    expect(mail!.headers.from).toMatch(/^"?Acme"? <licenses@latchkey\.example>$/);
    expect(mail!.headers['auto-submitted']).toBe('auto-generated');
  });

  it('leaves out what is not there', async () => {
    await send({ replyTo: null });
    expect(carried.arrived()[0]!.headers['reply-to']).toBeUndefined();
  });

  it('carries every script and sign', async () => {
    const [subject, name] = ['Ваш ключ – “Проект” 🔑, nur für Sie', 'Müller & Søn, "Acme" <x>'];
    await send({ subject, text: `${subject}\n.\nFrom me\n`, from: { name, address: 'licenses@latchkey.example' } });
    const [mail] = carried.arrived();
    expect(mail).toMatchObject({ headers: { subject }, text: `${subject}\n.\nFrom me\n` });
    expect(mail!.headers.from!.replace(/["\\]/g, '')).toBe(`${name.replaceAll('"', '')} <licenses@latchkey.example>`);
  });

  it('begins no header that nobody meant', async () => {
    const evil = 'Hi\r\nBcc: eve@example.com\r\n\r\nbody';
    // Letters are made of single lines; whoever carries one relies on nobody.
    await send({ subject: evil, from: { name: evil, address: 'licenses@latchkey.example' } });
    for (const { headers, recipients } of carried.arrived()) {
      expect([headers.bcc, recipients]).toEqual([undefined, ['jane@example.com']]);
      expect(headers.to).toBe('jane@example.com');
    }
  });

  it('writes to one address, whatever it looks like', async () => {
    for (const to of [
      'jane@example.com, eve@example.com',
      'jane@example.com\r\nBcc: eve@example.com',
      '<jane@example.com>,<eve@example.com>',
    ]) {
      await send({ to });
      expect(carried.arrived().flatMap(({ recipients }) => recipients)).not.toContain('eve@example.com');
    }
  });

  it('gives up when it is told to', async () => {
    if (how === 'into files') return;
    carried.hang();
    const stopping = new AbortController();
    const sent = carried.mailer.send(aLetter(), stopping.signal);
    setTimeout(() => stopping.abort(), 50);
    await expect(sent).rejects.toThrow();
    await expect(carried.mailer.send(aLetter(), AbortSignal.abort())).rejects.toThrow();
  });

  it('says in its own words that nobody answers, and waits for nobody for ever', async () => {
    if (how === 'into files') return;
    carried.hang();
    const began = Date.now();
    expect(await send()).toEqual({ kind: 'deferred', error: expect.stringMatching(/^no answer from .*\([A-Z_]+\)$/) });
    expect(Date.now() - began).toBeLessThan(4_000);
    await carried.close();
    expect(await send()).toEqual({
      kind: 'deferred',
      error: expect.stringMatching(/^no answer from .*\((ECONNREFUSED|UND_ERR_DESTROYED)\)$/),
    });
  });
});

describe(`${Mailer.name} over SMTP`, () => {
  let server: MailServer;
  let mailer: SmtpMailer;
  beforeEach(async () => {
    server = await MailServer.start();
    mailer = new SmtpMailer(server.url, 500);
  });
  afterEach(() => server.go());

  it.each<[Mood, 'refused' | 'deferred', string]>([
    ['greets with 421', 'deferred', 'the mail server answered 421 back later to our call'],
    ['hangs', 'deferred', 'no answer from the mail server (ETIMEDOUT)'],
    ['defers the recipient', 'deferred', 'the mail server answered 451 4.7.1 greylisted to RCPT TO'],
    ['refuses the recipient', 'refused', 'the mail server answered 550 5.1.1 user unknown to RCPT TO'],
    ['defers the mail', 'deferred', 'the mail server answered 452 4.3.1 to DATA'],
    ['quotes the mail', 'deferred', 'the mail server answered 554 5.6.0 to DATA'],
  ])('knows what a server means that %s: %s', async (mood, kind, error) => {
    server.mood = mood;
    expect(await mailer.send(aLetter(), never)).toEqual({ kind, error });
    expect(server.arrived).toEqual([]);
  });

  it('names a mail the same on every attempt, and dates it when it was asked for', async () => {
    for (let i = 0; i < 2; i++) await mailer.send(aLetter(), never);
    for (const { headers } of server.arrived) {
      expect(headers['message-id']).toBe('<mai_06efg00000e0082000000000000@acme.latchkey>');
      expect(new Date(headers.date!)).toEqual(aLetter().date);
    }
  });

  it('takes no file and no address of the web into a mail', async () => {
    await mailer.send(aLetter({ html: { path: '/etc/hostname' } as never }), never);
    expect(server.arrived).toEqual([]);
  });
});

describe(`${Mailer.name} over Resend`, () => {
  let resend: FakeResend;
  let mailer: ResendMailer;
  beforeEach(async () => {
    resend = await new FakeResend().start();
    mailer = new ResendMailer('re_secret', resend.url, 500);
  });
  afterEach(async () => {
    await mailer.onApplicationShutdown();
    resend.close();
  });

  it('says who it is, and which mail it is, on every attempt', async () => {
    for (let i = 0; i < 2; i++) await mailer.send(aLetter(), never);
    expect(resend.sent.size).toBe(1);
    for (const { headers } of resend.asked)
      expect(headers).toMatchObject({ authorization: 'Bearer re_secret', 'idempotency-key': 'mai_06efg00000e0082000000000000' });
  });

  it.each([
    [
      { status: 422, name: 'missing_required_field' },
      { kind: 'refused', error: 'Resend answered 422 missing_required_field' },
    ],
    [
      { status: 422, name: 'invalid_from_address' },
      { kind: 'deferred', error: 'Resend answered 422 invalid_from_address' },
    ],
    [
      { status: 401, name: 'missing_api_key' },
      { kind: 'deferred', error: 'Resend answered 401 missing_api_key' },
    ],
    [
      { status: 403, name: 'validation_error' },
      { kind: 'deferred', error: 'Resend answered 403 validation_error' },
    ],
    [
      { status: 500, name: 'no name: ACME-SECRET-KEY' },
      { kind: 'deferred', error: 'Resend answered 500' },
    ],
    [
      { status: 429, name: 'rate_limit_exceeded', retryAfter: '2' },
      { kind: 'busy', error: 'Resend answered 429 rate_limit_exceeded', seconds: 2 },
    ],
    [
      { status: 429, name: 'daily_quota_exceeded' },
      { kind: 'deferred', error: 'Resend answered 429 daily_quota_exceeded' },
    ],
    [
      { status: 409, name: 'concurrent_idempotent_requests' },
      { kind: 'deferred', error: 'Resend answered 409 concurrent_idempotent_requests' },
    ],
    [{ status: 409, name: 'invalid_idempotent_request' }, { kind: 'accepted' }],
    ['no JSON' as const, { kind: 'deferred', error: 'Resend answered 502' }],
  ])('knows what %j means', async (answer, outcome) => {
    resend.answer = answer;
    expect(await mailer.send(aLetter(), never)).toEqual(outcome);
  });
});

describe(`${Mailer.name} into files`, () => {
  let files: Awaited<ReturnType<typeof inFiles>>;
  beforeEach(async () => {
    files = await inFiles();
  });
  afterEach(() => files.close());

  it('makes one file of a mail, however often it is sent, that only we may read', async () => {
    for (let i = 0; i < 3; i++) await files.mailer.send(aLetter(), never);
    expect(readdirSync(files.folder)).toEqual(['mai_06efg00000e0082000000000000.eml']);
    expect(statSync(join(files.folder, 'mai_06efg00000e0082000000000000.eml')).mode & 0o777).toBe(0o600);
    expect(statSync(files.folder).mode & 0o777).toBe(0o700);
  });

  it('says so when there is no room for it', async () => {
    writeFileSync(join(files.folder, '../..', 'file'), '');
    const mailer = new FileMailer(join(files.folder, '../..', 'file'));
    expect(await mailer.send(aLetter(), never)).toEqual({ kind: 'deferred', error: 'the file could not be written (EEXIST)' });
  });
});

describe(`${Mailer.name} that is nobody`, () => {
  it('is not there, and takes nothing', async () => {
    const mailer: Mailer = new NoMailer();
    expect(mailer.isThere).toBe(false);
    expect(await mailer.send(aLetter(), never)).toMatchObject({ kind: 'deferred' });
  });

  it('is chosen when there is no other', () => {
    const chosen = (carrier: Parameters<typeof mailerFor>[0]['carrier']) => mailerFor({ carrier, from: 'licenses@localhost' });
    expect(chosen(null)).toBeInstanceOf(NoMailer);
    expect(chosen({ by: 'smtp', url: 'smtp://localhost' })).toBeInstanceOf(SmtpMailer);
    expect(chosen({ by: 'resend', apiKey: 're_x' })).toBeInstanceOf(ResendMailer);
    expect(chosen({ by: 'file', folder: '/nowhere' })).toBeInstanceOf(FileMailer);
  });
});
