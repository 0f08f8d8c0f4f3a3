import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dropDatabase, freshDatabase, ownerUrl, withOwner } from '../../libs/testing/database';
import { type Ended, Home, inBash, root } from './latchkey';
import { serviceOver } from '../fixtures/services';

jest.setTimeout(60_000);

const ok = ({ code, stdout, stderr }: Ended): string => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('The audit log at the console', () => {
  const home = new Home();
  const file = (name: string) => join(home.path, name);
  let database: string;
  let service: Awaited<ReturnType<typeof serviceOver>>;
  const audit = (...words: string[]) => home.command(['audit', ...words], { DATABASE_URL: ownerUrl(database) });
  const own = (sql: string) => withOwner(database, (owner) => owner.query(sql));
  const rename = (slug: string, name: string) =>
    service.call({ method: 'PATCH', path: `/v1/brands/${slug}`, key: service.internalKey, body: { name } });
  const sealed = async () => {
    const waiting = async () => (await own('select from audit_seals where sequence is null')).rowCount;
    for (const until = performance.now() + 20_000; (await waiting()) !== 0;) {
      if (performance.now() > until) throw new Error('Nobody seals.');
      await sleep(50);
    }
  };

  const brands: Record<string, string> = {};
  beforeAll(async () => {
    database = await freshDatabase();
    // The sealer of a running service does its work here.
    service = await serviceOver(ownerUrl(database));
    for (const slug of ['acme', 'globex']) {
      const body = { slug, name: slug, key_prefix: slug.toUpperCase() };
      brands[slug] = (await service.call({ path: '/v1/brands', key: service.internalKey, body })).body.id;
      for (const name of ['One', 'Two', 'Three']) await rename(slug, name);
    }
    await sealed();
    writeFileSync(file('check.mjs'), /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/audit.md'), 'utf8'))![1]!);
  });
  afterAll(async () => {
    await service.stop();
    await home.remove();
    await dropDatabase(database);
  });

  it('explains itself', async () => {
    for (const words of [['verify'], ['export']])
      expect(ok(await audit(...words, '--help'))).toContain(`Usage: latchkey audit ${words[0]} `);
  });

  it('is untouched, of all brands or of one', async () => {
    const { acme, globex } = brands;
    const report = JSON.parse(ok(await audit('verify', '--json')));
    expect(report).toMatchObject({ ok: true });
    for (const brand of [acme, globex]) {
      const found = report.brands.find((one: { brand: string }) => one.brand === brand);
      expect(found).toMatchObject({ rows: 4, finding: null, waiting: 0, head: { sequence: 4, brand } });
    }
    expect(report.brands).toHaveLength(3);
    expect(ok(await audit('verify', '--brand', 'acme'))).toBe(`${acme}: 4 rows, untouched\n`);
    expect(await audit('verify', '--brand', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringMatching(/brand/i) });
  });

  /** As docs/audit.md tells people to check a file. */
  const check = (name: string, ...more: string[]) =>
    inBash(`'${process.execPath}' '${file('check.mjs')}' ${[name, ...more].map((one) => `'${file(one)}'`).join(' ')}`);

  it('is exported such that anybody can check it, with what the documentation gives them', async () => {
    expect(ok(await audit('export', '--out', file('all.jsonl')))).toBe(`9 rows are written to ${file('all.jsonl')}.\n`);
    const one = ok(await audit('export', '--brand', 'acme'));
    const lines = one
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.sequence)).toEqual([undefined, 1, 2, 3, 4, undefined]);
    expect(JSON.parse(lines[2].row)).toMatchObject({ action: 'brand.updated', before: { name: 'acme' }, after: { name: 'One' } });
    writeFileSync(file('acme.jsonl'), one);
    writeFileSync(file('key.pem'), lines.at(-1).public_key);

    expect(ok(await check('all.jsonl', 'key.pem'))).toMatch(/^(brd_\w{26}: right up to row \d, signed \S+\n){3}$/);
    expect(ok(await check('acme.jsonl'))).toContain(`${brands.acme}: right up to row 4`);

    const altered = (name: string, change: (text: string) => string) => writeFileSync(file(name), change(one));
    const line = (n: number) => `${one.split('\n')[n]}\n`;
    altered('changed.jsonl', (text) => text.replace('Two', 'Tow'));
    altered('shorter.jsonl', (text) => text.replace(line(4), ''));
    altered('missing.jsonl', (text) => text.replace(line(2), ''));
    altered('headless.jsonl', (text) => text.replace(line(5), ''));
    altered('signed.jsonl', (text) => text.replace(/"signature":"../, '"signature":"AA'));
    for (const [name, said] of Object.entries({
      changed: /row 3 does not fit/,
      shorter: /the rows end elsewhere/,
      missing: /row 3 does not fit/,
      headless: /its head is missing/,
      signed: /the signature does not fit/,
    })) {
      expect([name, await check(`${name}.jsonl`)]).toMatchObject([name, { code: 1, stderr: expect.stringMatching(said) }]);
    }
    const head = lines.at(-1).head;
    writeFileSync(file('head.txt'), `latchkey audit head ${head.brand} ${head.sequence} ${head.hash}`);
    writeFileSync(file('head.sig'), Buffer.from(head.signature, 'base64'));
    const openssl = `cd '${home.path}' && openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in head.txt -sigfile head.sig`;
    if (/^OpenSSL 3/.test((await inBash('openssl version')).stdout)) expect(ok(await inBash(openssl))).toMatch(/Verified Successfully/);
  });

  it('is exported in part, which can be checked too', async () => {
    const before = new Date();
    await rename('acme', 'Later');
    await sealed();
    const part = ok(await audit('export', '--brand', 'acme', '--since', before.toISOString()));
    expect(
      part
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).sequence),
    ).toEqual([undefined, 5, undefined]);
    writeFileSync(file('part.jsonl'), part);
    expect(ok(await check('part.jsonl'))).toContain('right up to row 5');
    const nothing = ok(await audit('export', '--brand', 'acme', '--since', '2099-01-01'));
    expect(nothing.trimEnd().split('\n')).toHaveLength(2);
    expect(await audit('export', '--since', 'yesterday')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('like 2027-01-31T12:00:00Z'),
    });
  });

  it('says in one line when the file cannot be written', async () => {
    for (const out of [file('nowhere/x'), home.path]) {
      const refused = await audit('export', '--out', out);
      expect(refused).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^\S+ cannot be written: [^\n]+\n$/) });
      expect(refused.stderr.startsWith(out)).toBe(true);
    }
  });

  it('is compared with a head that was kept, in an answer or in an export', async () => {
    writeFileSync(file('kept.json'), ok(await audit('verify', '--json')));
    const names = ['kept.json', 'all.jsonl', 'acme.jsonl', 'part.jsonl'];
    (await Promise.all(names.map((name) => audit('verify', '--since', file(name))))).forEach(ok);
    for (const name of ['check.mjs', 'nothing.json']) {
      const refused = await audit('verify', '--since', file(name));
      expect(refused).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^\S+ is neither an earlier export nor [^\n]+\n$/),
      });
    }
    await own(`delete from audit_logs; delete from audit_seals; delete from audit_heads`);
    expect(ok(await audit('verify'))).toBe('Nothing was ever written.\n');
    const { code, stdout } = await audit('verify', '--since', file('kept.json'));
    expect([code, stdout]).toEqual([1, expect.stringContaining(`${brands.acme}: TRUNCATED at row 1. `)]);
  });

  it('names a row that was changed, and ends with 1', async () => {
    for (const name of ['Four', 'Five']) await rename('globex', name);
    await sealed();
    await own(`update audit_logs set actor = 'nobody' where after ->> 'name' = 'Five'`);
    const { code, stdout, stderr } = await audit('verify');
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(new RegExp(`^${brands.globex}: CHANGED at row 2 aud_\\w{26}\\. It is not what was sealed\\.\n$`));
    const asJson = await audit('verify', '--json');
    expect([asJson.code, JSON.parse(asJson.stdout)]).toMatchObject([
      1,
      { ok: false, brands: [{ finding: { tampering: 'changed', sequence: 2 } }] },
    ]);
  });

  it('says aloud when nobody seals', async () => {
    await service.stop();
    await own(`insert into audit_logs (brand_id, id, actor, action, outcome, occurred_at)
                 select brand_id, '019ab000-0000-7000-8000-000000000001', 'me', 'x.y', 'done', now() - interval '2 minutes' from audit_logs limit 1;
               insert into audit_seals (brand_id, audit_log_id) select brand_id, id from audit_logs where actor = 'me';
               delete from audit_seals where sequence is not null; delete from audit_logs where actor <> 'me'; delete from audit_heads`);
    expect(ok(await audit('verify'))).toMatch(/: 0 rows, untouched\n {2}warning: 1 rows wait for their seal/);
  });
});
