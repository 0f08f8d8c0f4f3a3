import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { provenance } from '../persistence/provenance';
import { Background } from './background';

Logger.overrideLogger(false);

describe('Work in the background', () => {
  const running: Background[] = [];
  const started = (work: () => Promise<boolean>, everyMs = 60_000) => {
    const background = new Background();
    const loop = background.add('test', everyMs, work);
    running.push(background);
    background.start();
    return loop;
  };
  afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())));
  const until = async (isSo: () => boolean) => {
    for (const deadline = Date.now() + 5_000; !isSo() && Date.now() < deadline; await sleep(5));
    expect(isSo()).toBe(true);
  };

  it('goes on while there is more of it, then waits to be woken', async () => {
    let turns = 0;
    const loop = started(async () => ++turns < 3);
    await until(() => turns === 3);
    await sleep(30);
    expect(turns).toBe(3);
    loop.wake();
    await until(() => turns === 4);
  });

  it('looks by itself from time to time', async () => {
    let turns = 0;
    started(async () => (turns++, false), 10);
    await until(() => turns > 3);
  });

  it('misses no call that comes while it works, and never runs twice at once', async () => {
    let [turns, atOnce, most] = [0, 0, 0];
    const loop = started(async () => {
      turns++;
      most = Math.max(most, ++atOnce);
      await sleep(20);
      atOnce--;
      return false;
    });
    await sleep(5);
    loop.wake();
    loop.wake();
    await until(() => turns === 2);
    expect(most).toBe(1);
  });

  it('goes on after a failure, but not at once', async () => {
    let turns = 0;
    started(async () => {
      if (++turns < 3) throw new Error('on purpose');
      return false;
    }, 20);
    await until(() => turns >= 3);
  });

  it('is done in the name of the service', async () => {
    let actor: string | null | undefined;
    started(async () => ((actor = provenance()?.actor), false));
    await until(() => actor !== undefined);
    expect(actor).toBe('latchkey');
  });

  it('is finished before it stops, and not begun again', async () => {
    let [begun, done] = [0, 0];
    const loop = started(async () => {
      begun++;
      await sleep(30);
      done++;
      return true;
    });
    await until(() => begun === 1);
    await running[0]!.stop();
    loop.wake();
    await sleep(50);
    expect([begun, done]).toEqual([1, 1]);
  });
});
