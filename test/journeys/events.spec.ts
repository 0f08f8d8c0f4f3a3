import { type Ended, Home } from './latchkey';

jest.setTimeout(60_000);

describe('An operator with an event that was set aside', () => {
  const home = new Home();
  const events = (...words: string[]): Promise<Ended> => home.command(['events', ...words]);
  beforeAll(async () => {
    await home.start();
  });
  afterAll(() => home.remove());

  it('is told when there is none', async () => {
    expect(await events('set-aside')).toEqual({ code: 0, stdout: 'There are none.\n', stderr: '' });
    expect(await events('retry')).toEqual({ code: 0, stdout: 'Nothing waits.\n', stderr: '' });
  });

  it('sees which, of whom and why, and has it taken', async () => {
    await home.ask(`insert into event_set_asides (brand_id, outlet, event_id, error, attempts, set_aside_at)
      select brand_id, 'subscribers', id, 'as if it had failed', 10, now() from outbox_events where type = 'product.created' limit 1`);
    const { stdout } = await events('set-aside');
    expect(stdout).toMatch(/^evt_[0-9a-v]{26} {2}brd_[0-9a-v]{26} {2}product\.created {2}after 10 attempts: as if it had failed\n$/);
    const [event] = JSON.parse((await events('set-aside', '--json')).stdout).events;
    expect(event).toMatchObject({ event: stdout.slice(0, 30), type: 'product.created', outlet: 'subscribers', attempts: 10 });
    expect((await events('retry', event.event)).stdout).toBe(`${event.event}  done\n`);
    expect((await events('set-aside')).stdout).toBe('There are none.\n');
  });

  it('is told what an id looks like', async () => {
    expect(await events('retry', 'lic_1')).toMatchObject({ code: 1, stderr: expect.stringContaining('It must begin with evt_') });
  });
});
