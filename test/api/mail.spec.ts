import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandBus } from '@nestjs/cqrs';
import type { BrandId } from '../../libs/kernel/brand-id';
import { newId, parsePublicId, publicId } from '../../libs/kernel/id';
import { mintLicenseKey } from '../../libs/license-key/license-key';
import { Database } from '../../libs/persistence/database';
import { startTestService, type TestService } from '../../libs/testing/service';
import { type BrandWorld, createBrandWorld, ok } from '../../libs/testing/world';
import { ProvisionLicenses } from '../../src/licenses';
import { type MailAsked, MailDesk } from '../../src/mail';
import { readMail, type ReadMail } from '../fixtures/mails';
import { secrets } from '../fixtures/processes';
import { Scrape } from '../fixtures/scrape';
import { expectProblem } from './contract';

let service: TestService;
let world: BrandWorld;
beforeAll(async () => {
  service = await startTestService();
});
beforeEach(async () => {
  world = await createBrandWorld(service);
});
afterAll(() => service.stop());

const brandId = (of = world) => parsePublicId('brand', of.brandId) as BrandId;
const inUnit = <T>(work: () => Promise<T>, on = service) => on.app.get(Database).run(brandId(), work);
const anAsk = (part: Partial<MailAsked> = {}): MailAsked => ({
  ...{ reason: `renewed:${newId()}`, template: 'renewed', to: 'jane@example.com' },
  ...{ facts: { products: ['Pro'], expires_at: '2027-11-23T12:00:00.000Z' } },
  ...part,
});
const post = (part: Partial<MailAsked> = {}, on = service) => inUnit(() => on.app.get(MailDesk).post(brandId(), anAsk(part)), on);
const hurry = (id: string) => inUnit(() => service.app.get(MailDesk).hurry(brandId(), id));
const keyMail = (text = mintLicenseKey('ACME'), id = newId()): Partial<MailAsked> => ({ template: 'key_issued', licenseKey: { id, text } });
const settle = () => service.settle('mail');

const path = (rest = '') => `/v1/brands/${world.slug}/${rest}`;
const list = async (query = '') => ok(await world.call({ path: path(`mails${query}`) })).data;
const retry = (id: string) => world.call({ method: 'POST', path: path(`mails/${id}/retry`) });
const setLook = (body: object) => world.call({ method: 'PUT', path: path('mail-settings'), body });
const resend = (body: object = {}, id = world.licenseKeyId) => world.call({ path: `/v1/license-keys/${id}/resend`, body });

/** What lies in the outbox of this brand, by id. */
function arrived(): Map<string, ReadMail> {
  const folder = join(service.dataDir, 'outbox');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const mails = files.map((file) => [file.replace('.eml', ''), readMail(readFileSync(join(folder, file), 'utf8'))] as const);
  return new Map(mails.filter(([, { headers }]) => headers['message-id']!.includes(`@${world.slug}.latchkey`)));
}
const rowsOf = async (id: string) => (await service.owner.query('select * from mails where id = $1', [parsePublicId('mail', id)])).rows;
const events = async (type: string) => {
  const sql = `select type, data from outbox_events where type like $1 and brand_id = $2 order by position`;
  return (await service.owner.query<{ type: string; data: any }>(sql, [type, brandId()])).rows;
};
/** Every row of every table that holds a text. */
async function tablesWith(text: string): Promise<string[]> {
  const { rows } = await service.owner.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public'`,
  );
  const found = await Promise.all(
    rows.map(async ({ name }) => {
      const { rowCount } = await service.owner.query(
        `select from "${name}" t where strpos(to_jsonb(t)::text, $1) > 0 or strpos(to_jsonb(t)::text, $2) > 0`,
        [text, Buffer.from(text).toString('hex')],
      );
      return rowCount ? [name] : [];
    }),
  );
  return found.flat();
}

describe('A mail', () => {
  it('is sent once, with its license key, which is nowhere else', async () => {
    const text = mintLicenseKey('ACME');
    expect(await post(keyMail(text))).toBe(true);
    const [waiting] = await list();
    expect(waiting).toMatchObject({ status: 'waiting', attempts: 0, sent_at: null, to: 'jane@example.com', template: 'key_issued' });
    expect(await tablesWith(text)).toEqual([]);
    await settle();
    await settle();
    const [first, ...others] = [...arrived()];
    const [id, mail] = first!;
    expect([id, others]).toEqual([waiting.id, []]);
    expect(mail.headers).toMatchObject({
      to: 'jane@example.com',
      subject: 'Your license key for Pro',
      'message-id': `<${id}@${world.slug}.latchkey>`,
    });
    expect(mail.headers.from).toContain('licenses@localhost');
    for (const part of [mail.text, mail.html]) expect(part).toContain(text);
    expect(await list()).toMatchObject([
      { id, status: 'sent', attempts: 1, error: null, next_attempt_at: null, sent_at: expect.any(String) },
    ]);
    expect(await rowsOf(id)).toMatchObject([{ sealed: null, lease: null }]);
    expect(await tablesWith(text)).toEqual([]);
    expect(service.logged.filter((line) => line.includes(text))).toEqual([]);
    expect(JSON.stringify(await list())).not.toContain(text);
  });

  it('is asked for once for each reason, also when several ask at once', async () => {
    const reason = `key_issued:${newId()}`;
    const posted = await Promise.all(Array.from({ length: 8 }, () => post({ ...keyMail(), reason })));
    expect(posted.filter((one) => one)).toHaveLength(1);
    await settle();
    expect(await post({ ...keyMail(), reason })).toBe(false);
    await settle();
    expect([arrived().size, (await list()).length]).toEqual([1, 1]);
  });

  it('is not sent when what it tells of did not happen', async () => {
    const failing = inUnit(async () => {
      await service.app.get(MailDesk).post(brandId(), anAsk());
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    await settle();
    expect([arrived().size, await list()]).toEqual([0, []]);
  });

  it('is not asked for outside of a unit of work', async () => {
    await expect((async () => service.app.get(MailDesk).post(brandId(), anAsk()))()).rejects.toThrow('unit of work');
  });

  it('looks like its brand', async () => {
    ok(
      await setLook({
        sender_name: 'Plugins & "Söhne"',
        reply_to: 'help@acme.example',
        colour: '#FFD400',
        support_url: 'https://acme.example/help',
      }),
    );
    await post({ ...keyMail(), facts: { products: ['<b>Pro</b>'], action_url: 'https://acme.example/start?a=1&b=2' } });
    await settle();
    const [mail] = [...arrived().values()];
    expect(mail!.headers['reply-to']).toBe('help@acme.example');
    expect(mail!.headers.from!.replaceAll('\\', '')).toContain('Plugins & "Söhne"');
    expect(mail!.html).toContain('#ffd400');
    expect(mail!.html).toContain('color:#111111');
    expect(mail!.html).toContain('Plugins &amp; &quot;Söhne&quot;');
    expect(mail!.html).toContain('&lt;b&gt;Pro&lt;/b&gt;');
    expect(mail!.html).toContain('href="https://acme.example/start?a=1&amp;b=2"');
    expect(mail!.text).toContain('Get started: https://acme.example/start?a=1&b=2');
    expect(mail!.text).toContain('You can answer this mail or see https://acme.example/help.');
  });

  it('that goes to no address fails, says why, and tells those who listen nothing of the customer', async () => {
    await post({ ...keyMail(), to: 'jane@example.com, eve@example.com' });
    await settle();
    const [mail] = await list('?status=failed');
    expect(mail).toMatchObject({ status: 'failed', attempts: 1, error: 'the address cannot be written to', failed_at: expect.any(String) });
    const [event] = await events('mail.%');
    expect(event).toMatchObject({ type: 'mail.failed', data: { id: mail.id, template: 'key_issued', status: 'failed' } });
    expect(JSON.stringify(event)).not.toContain('example.com');
    expect(service.logged.filter((line) => line.includes(mail.id) && line.includes('given up'))).toHaveLength(1);
    expect(service.logged.filter((line) => line.includes('eve@example.com'))).toEqual([]);
  });

  it('is sent by one of many who would', async () => {
    for (let i = 0; i < 12; i++) await post(keyMail());
    await Promise.all([settle(), settle(), settle()]);
    expect(arrived().size).toBe(12);
    expect(await list('?status=waiting')).toEqual([]);
    expect((await list('?limit=50')).map((mail: { attempts: number }) => mail.attempts)).toEqual(Array.from({ length: 12 }, () => 1));
  });

  it('is taken over when its sender died', async () => {
    await post();
    await service.owner.query(
      `update mails set lease = gen_random_uuid(), leased_until = now() + interval '1 minute' where brand_id = $1`,
      [brandId()],
    );
    await settle();
    expect(arrived().size).toBe(0);
    await service.owner.query(`update mails set leased_until = now() - interval '1 second' where brand_id = $1`, [brandId()]);
    await settle();
    expect(arrived().size).toBe(1);
  });
});

it('A mail of which nobody wrote down that it was sent lies in the outbox once all the same', async () => {
  await post();
  await settle();
  await service.owner.query(
    `update mails set status = 'waiting', next_attempt_at = now() - interval '1 second', sent_at = null where brand_id = $1`,
    [brandId()],
  );
  await settle();
  expect(await list()).toMatchObject([{ status: 'sent', attempts: 2 }]);
  expect(arrived().size).toBe(1);
});

describe('Mails of a brand', () => {
  it('are listed newest first, page by page, by their status', async () => {
    for (let i = 0; i < 3; i++) await post();
    await settle();
    await post();
    const all = await list();
    expect(all.map((mail: { status: string }) => mail.status)).toEqual(['waiting', 'sent', 'sent', 'sent']);
    const first = ok(await world.call({ path: path('mails?status=sent&limit=2') }));
    const rest = ok(await world.call({ path: path(`mails?status=sent&limit=2&cursor=${first.next_cursor}`) }));
    expect([...first.data, ...rest.data]).toEqual(all.slice(1));
    expect(rest.has_more).toBe(false);
  });

  it('are tried again when somebody asks', async () => {
    await post({ to: 'nobody' });
    await settle();
    const [failed] = await list();
    await service.owner.query(`update mails set recipient = 'jane@example.com' where id = $1`, [parsePublicId('mail', failed.id)]);
    const answer = await retry(failed.id);
    expect(answer).toMatchObject({ status: 202, body: { id: failed.id, status: 'waiting', attempts: 0, failed_at: null } });
    await settle();
    expect(await list()).toMatchObject([{ status: 'sent' }]);
    expectProblem(await retry(failed.id), 409, 'mail_is_sent');
    expectProblem(await retry(publicId('mail', newId())), 404, 'mail_not_found');
    expect((await events('mail.%')).map(({ type }) => type)).toEqual(['mail.failed', 'mail.retried']);
    const { data } = ok(await world.call({ path: `/v1/audit-logs?action=mail.retried` }));
    expect(data).toMatchObject([{ actor: world.keyId, target: failed.id, outcome: 'done' }]);
    expect(JSON.stringify(data)).not.toContain('example.com');
  });

  it('lose their license key a week after they failed, and cannot be sent then', async () => {
    const text = mintLicenseKey('ACME');
    await post({ ...keyMail(text), to: 'nobody' });
    await settle();
    const [{ id }] = await list();
    const housekeep = async () => {
      await service.owner.query(`update jobs set next_run_at = now()`);
      await service.settle('jobs');
    };
    await housekeep();
    expect((await rowsOf(id))[0].sealed).not.toBeNull();
    await service.owner.query(`update mails set failed_at = failed_at - interval '7 days 1 minute' where id = $1`, [
      parsePublicId('mail', id),
    ]);
    await housekeep();
    expect((await rowsOf(id))[0].sealed).toBeNull();
    expectProblem(await retry(id), 409, 'mail_key_forgotten');
  });
});

describe('Mail settings', () => {
  const read = async () => ok(await world.call({ path: path('mail-settings') }));
  const none = { sender_name: null, reply_to: null, colour: '#1f5fbf', support_url: null, version: 0, updated_at: null };

  it('are the brand’s own name and a blue, until they are set', async () => {
    expect(await read()).toEqual({ brand_id: world.brandId, ...none });
    const look = { sender_name: 'Acme', reply_to: 'help@acme.example', colour: '#aabbcc', support_url: 'https://acme.example/help' };
    const set = ok(await setLook({ ...look, colour: '#AABBCC' }));
    expect(set).toEqual({ brand_id: world.brandId, ...look, version: 1, updated_at: expect.any(String) });
    expect(await read()).toEqual(set);
    expect(ok(await setLook(look))).toEqual(set);
    expect(ok(await setLook({ reply_to: 'else@acme.example' }))).toMatchObject({
      ...none,
      reply_to: 'else@acme.example',
      version: 2,
      updated_at: expect.any(String),
    });
  });

  it('leave a trace of who changed what', async () => {
    ok(await setLook({ colour: '#112233' }));
    ok(await setLook({ colour: '#112233' }));
    expect(await events('mail_settings.%')).toEqual([
      { type: 'mail_settings.updated', data: { id: world.brandId, version: 1, sender_name: null, colour: '#112233' } },
    ]);
    const { data } = ok(await world.call({ path: `/v1/audit-logs?action=mail_settings.updated` }));
    expect(data).toMatchObject([
      { actor: world.keyId, target: world.brandId, before: { colour: '#1f5fbf' }, after: { colour: '#112233' } },
    ]);
  });

  it.each([
    ['/sender_name', { sender_name: 'Acme\r\nBcc: eve@example.com' }],
    ['/sender_name', { sender_name: ' ' }],
    ['/sender_name', { sender_name: 'x'.repeat(101) }],
    ['/reply_to', { reply_to: 'nobody' }],
    ['/reply_to', { reply_to: 'a@b.example, c@d.example' }],
    ['/reply_to', { reply_to: 'a@b.example\r\nBcc: eve@example.com' }],
    ['/colour', { colour: 'red' }],
    ['/colour', { colour: '#12345' }],
    ['/colour', { colour: '#123456;background:url(x)' }],
    ['/support_url', { support_url: 'javascript:alert(1)' }],
    ['/support_url', { support_url: 'ftp://acme.example' }],
    ['/support_url', { support_url: 7 }],
  ])('refuse a wrong %s: %j', async (pointer, body) => {
    expectProblem(await setLook(body), 400, 'invalid_request', pointer);
    expect(await read()).toMatchObject(none);
  });
});

describe('A license key that a customer has lost', () => {
  const keysIn = () => [...arrived().values()].map(({ text }) => /^ {4}(\S+)$/m.exec(text)![1]!);
  const verdict = async (license_key: string) =>
    ok(await service.call({ path: '/v1/licenses/verify', body: { license_key, product_code: world.product } })).code;

  it('is replaced by a new one, which goes to him alone', async () => {
    const answer = await resend();
    expect(ok(answer)).toEqual({ resent: 'reissued', license_key: { id: world.licenseKeyId, hint: expect.stringContaining('…') } });
    await service.settle();
    const [mail] = [...arrived().values()];
    const [key] = keysIn();
    expect(mail!.headers).toMatchObject({ to: world.email, subject: 'Your new license key for Pro' });
    expect(mail!.text).toMatch(/The old one works until .* UTC/);
    expect(answer.text).not.toContain(key!.slice(-12));
    expect([await verdict(key!), await verdict(world.licenseKey)]).toEqual(['valid', 'valid']);
    expect(service.logged.filter((line) => line.includes(key!))).toEqual([]);
    const { data } = ok(await world.call({ path: `/v1/audit-logs?action=license_key.reissued` }));
    expect(data).toMatchObject([{ actor: world.keyId, target: world.licenseKeyId }]);
  });

  it('ends at once when no overlap is wanted', async () => {
    ok(await resend({ overlap_seconds: 0 }));
    await service.settle();
    expect(await verdict(world.licenseKey)).toBe('not_found');
    expect([...arrived().values()][0]!.text).toContain('The old one works no longer.');
  });

  it('is sent at once while the mail with it waits, and stays as it is', async () => {
    const id = parsePublicId('licenseKey', world.licenseKeyId)!;
    await post(keyMail(world.licenseKey, id));
    await service.owner.query(`update mails set next_attempt_at = now() + interval '1 hour' where brand_id = $1`, [brandId()]);
    await settle();
    expect(arrived().size).toBe(0);
    expect(ok(await resend())).toEqual({ resent: 'waiting_mail', license_key: null });
    await settle();
    expect(keysIn()).toEqual([world.licenseKey]);
    expect((await events('mail.%')).map(({ type }) => type)).toEqual(['mail.retried']);
    expect(await hurry(id)).toBe(false);
    expect(ok(await resend())).toMatchObject({ resent: 'reissued' });
  });

  it('is replaced once when two ask at once', async () => {
    const answers = await Promise.all([resend(), resend(), resend()]);
    expect(answers.map((answer) => ok(answer).resent).sort()).toEqual(['reissued', 'waiting_mail', 'waiting_mail']);
    await service.settle();
    expect(await verdict(keysIn()[0]!)).toBe('valid');
    expect(arrived().size).toBe(1);
  });

  it('is nobody’s when it does not exist', async () => {
    expectProblem(await resend({}, publicId('licenseKey', newId())), 404, 'license_key_not_found');
    expectProblem(await resend({ overlap_seconds: 604_801 }), 400, 'invalid_request', '/overlap_seconds');
  });

  it('is sent by nobody when its brand replaces it by itself; a mail with the old one is not sent any more', async () => {
    const id = parsePublicId('licenseKey', world.licenseKeyId)!;
    await post(keyMail(world.licenseKey, id));
    ok(await world.call({ path: `/v1/license-keys/${world.licenseKeyId}/reissue`, body: {} }));
    await service.settle('event log');
    await service.settle('events to subscribers');
    await service.settle();
    expect(arrived().size).toBe(0);
    const [mail] = await list();
    expect(mail).toMatchObject({ status: 'failed', error: 'the license key was reissued before' });
    expect(await rowsOf(mail.id)).toMatchObject([{ sealed: null }]);
    expectProblem(await retry(mail.id), 409, 'mail_key_forgotten');
  });
});

describe('A license that ends soon', () => {
  let days = 0;
  const travel = async (by: number) => {
    service.travel(by);
    days += by;
    await service.settle('expiry');
    await service.settle();
  };
  const provision = async (terms: object) => {
    const expiresAt = new Date(Date.now() + (days + 30) * 86_400_000);
    const command = new ProvisionLicenses(brandId(), `ann-${newId()}@example.com`, null, [
      { productCode: world.product, expiresAt, ...terms },
    ]);
    const { licenses } = await service.app.get(CommandBus).execute(command);
    return { id: publicId('license', licenses[0]!.id), email: licenses[0]!.customerEmail };
  };
  const bought = { origin: { by: 'purchase', plan: 'pro_yearly', reference: 'sub_1' } };

  it('is told of to who has bought it, once for each day that is told', async () => {
    const { id, email } = await provision(bought);
    await travel(22);
    expect(await list()).toEqual([]);
    await travel(2);
    await service.settle();
    const [mail, ...others] = await list();
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ template: 'expiring_soon', to: email, status: 'sent' });
    expect(mail.reason).toMatch(new RegExp(`^expiring_soon:${id}:\\d{4}-.*Z:7$`));
    expect([...arrived().values()][0]!.headers.subject).toMatch(/^Pro ends on \d+ \w+ \d{4}$/);
    await travel(6);
    expect((await list()).map(({ reason }: { reason: string }) => reason.split(':').at(-1))).toEqual(['1', '7']);
  });

  it('is not told of by us when the brand’s own system granted it, when it renews by itself, or when it is suspended', async () => {
    await provision({});
    await provision({ ...bought, renews: true });
    const { id } = await provision(bought);
    ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${id}/status`, body: { status: 'suspended' } }));
    await travel(24);
    expect(await list()).toEqual([]);
  });

  it('is not told of when it was renewed before anybody heard', async () => {
    const { id } = await provision(bought);
    service.travel(24);
    days += 24;
    await service.settle('expiry');
    ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${id}/renew`, body: { extend_days: 365 } }));
    await service.settle();
    expect(await list()).toEqual([]);
  });
});

it('Mails that wait or were given up are counted for those who watch', async () => {
  const watched = await startTestService();
  try {
    world = await createBrandWorld(watched);
    await post({ to: 'nobody' }, watched);
    await watched.settle('mail');
    for (let i = 0; i < 3; i++) await post({}, watched);
    await watched.owner.query(`update mails set created_at = now() - interval '1 hour' where status = 'waiting'`);
    const scrape = new Scrape((await watched.call({ path: '/metrics' })).text);
    expect(scrape.value('latchkey_mails_waiting')).toBe(3);
    expect(scrape.value('latchkey_mails_failed')).toBe(1);
    expect(Math.abs(scrape.value('latchkey_mail_oldest_waiting_seconds')! - 3_600)).toBeLessThan(60);
  } finally {
    await watched.stop();
  }
});

describe('In production without a mail server', () => {
  it('mails wait, nothing is written to files, and the log says so once', async () => {
    const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://nobody@nowhere/x', ...secrets };
    const live = await startTestService(production);
    try {
      world = await createBrandWorld(live);
      await post(keyMail(), live);
      await live.settle('mail');
      expect(ok(await world.call({ path: path('mails') })).data).toMatchObject([{ status: 'waiting', attempts: 0 }]);
      expect(existsSync(join(live.dataDir, 'outbox'))).toBe(false);
      expect(live.logged.filter((line) => line.includes('Mails wait'))).toHaveLength(1);
    } finally {
      await live.stop();
    }
  });
});
