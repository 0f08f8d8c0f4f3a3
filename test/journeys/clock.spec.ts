import { type Ended, type Environment, Home } from './latchkey';

jest.setTimeout(60_000);

const ok = ({ code, stdout, stderr }: Ended): string => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('Whoever does by hand what time does by itself', () => {
  const home = new Home();
  const check = (words: string[] = [], environment: Environment = {}) => home.command(['licenses', 'expire-check', ...words], environment);
  const housekeep = (words: string[] = []) => home.command(['housekeeping', 'run', ...words]);
  const told = async (...given: Parameters<typeof check>) => JSON.parse(ok(await check(...given))).told as object;
  let licenses: number;
  beforeAll(async () => {
    await home.start({ BACKGROUND_WORK: 'false' });
    licenses = (await home.ask('select from licenses')).length;
    expect(licenses).toBeGreaterThan(0);
  });
  afterAll(() => home.remove());

  it('is told how many licenses are near their end or past it, once', async () => {
    expect(await told(['--json'])).toEqual({});
    await home.ask(
      `update licenses set expires_at = now() - interval '1 day', grace_days = 3, noticed_until = now() - interval '1 year', next_notice_at = now()`,
    );
    expect(await told(['--json'])).toEqual({ 'license.expiring_soon': 2 * licenses, 'license.expired': licenses });
    expect(ok(await check())).toBe('There was nothing to tell.\n');
    await home.ask(`update licenses set expires_at = now() - interval '4 days', next_notice_at = now()`);
    expect(ok(await check())).toBe('There was nothing to tell.\n');
    await home.ask(`update licenses set noticed_until = now() - interval '2 days', next_notice_at = now()`);
    expect(ok(await check())).toBe(`${licenses} × license.grace_ended\n`);
  });

  it('looks at all licenses again after the days were set anew', async () => {
    await home.ask(
      `update licenses set expires_at = now() + interval '2 days', noticed_until = now() - interval '3 days', next_notice_at = now() + interval '1 day'`,
    );
    const days = { EXPIRY_NOTICE_DAYS: '3,1' };
    expect(await told(['--json'], days)).toEqual({});
    expect(await told(['--json', '--rearm'], days)).toEqual({ 'license.expiring_soon': licenses });
    expect(await told(['--json', '--rearm'], days)).toEqual({});
  });

  it('is told which jobs were due', async () => {
    const { jobs } = JSON.parse(ok(await housekeep(['--json'])));
    expect(jobs).toEqual(expect.arrayContaining([{ name: 'idempotency keys', error: null }]));
    expect(ok(await housekeep())).toBe('Nothing was due.\n');
    await home.ask(`update jobs set next_run_at = now() where name = 'idempotency keys'`);
    expect(ok(await housekeep())).toBe('idempotency keys: done\n');
  });

  it('is told why a job failed, with an exit code that says so', async () => {
    await home.ask(
      `alter table webhook_attempts rename to gone; update jobs set next_run_at = now() where name = 'forget webhook answers'`,
    );
    const { code, stdout } = await housekeep();
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/^forget webhook answers: .*does not exist\n$/) });
    await home.ask('alter table gone rename to webhook_attempts');
  });
});
