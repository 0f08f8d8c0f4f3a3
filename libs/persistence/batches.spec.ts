import { setImmediate as turn } from 'node:timers/promises';
import type { BrandId } from '../kernel/brand-id';
import { Batches, type BatchOptions } from './batches';

const [acme, globex] = ['acme', 'globex'] as unknown as [BrandId, BrandId];

/** Batches whose work ends when the test says so. */
function underControl(options?: BatchOptions) {
  const sent: { brand: BrandId; calls: string[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const batches = new Batches<BrandId, string, string>(
    (brand, calls) =>
      new Promise((resolve, reject) => {
        const answers = () => calls.map((call) => () => (call === 'bad' ? Promise.reject(new Error('bad')) : `${call}!`));
        sent.push({ brand, calls, answer: () => resolve(answers()), fail: reject });
      }),
    options,
  );
  const sizes = () => sent.map(({ brand, calls }) => `${brand} ${calls.length}`);
  return { batches, sent, sizes };
}

describe('Calls that come together', () => {
  it('go together when they come in one turn, and are answered each for itself', async () => {
    const { batches, sent, sizes } = underControl();
    const answers = Promise.allSettled(['a', 'bad', 'c'].map((call) => batches.add(acme, call)));
    await turn();
    expect(sizes()).toEqual(['acme 3']);
    sent[0]!.answer();
    expect((await answers).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual(['a!', 'bad', 'c!']);
  });

  it('wait for nobody while a lane is free, and gather while none is', async () => {
    const { batches, sent, sizes } = underControl();
    for (const call of ['a', 'b', 'c', 'd']) {
      void batches.add(acme, call);
      await turn();
    }
    expect(sizes()).toEqual(['acme 1', 'acme 1']);
    sent[0]!.answer();
    await turn();
    await turn();
    expect(sizes()).toEqual(['acme 1', 'acme 1', 'acme 2']);
  });

  it('are sent in order, so many at a time as may be', async () => {
    const { batches, sent } = underControl({ most: 3, lanes: 1 });
    for (let i = 0; i < 7; i++) void batches.add(acme, String(i));
    for (let i = 0; i < 3; i++) {
      await turn();
      await turn();
      sent[i]!.answer();
    }
    expect(sent.map(({ calls }) => calls.join(''))).toEqual(['012', '345', '6']);
  });

  it('of a brand in a hurry leave the others their place', async () => {
    const { batches, sent, sizes } = underControl({ lanes: 2, allLanes: 3, most: 1 });
    for (let i = 0; i < 20; i++) void batches.add(acme, String(i));
    void batches.add(globex, 'x');
    await turn();
    expect(sizes()).toEqual(['acme 1', 'globex 1', 'acme 1']);
    sent[0]!.answer();
    void batches.add(globex, 'y');
    await turn();
    await turn();
    expect(sizes().slice(3)).toEqual(['globex 1']);
  });

  it('fail together when their batch does, and hold up nobody after that', async () => {
    const { batches, sent, sizes } = underControl({ lanes: 1 });
    const failed = Promise.allSettled([batches.add(acme, 'a'), batches.add(acme, 'b')]);
    await turn();
    sent[0]!.fail(new Error('gone'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    void batches.add(acme, 'c');
    await turn();
    await turn();
    expect(sizes()).toEqual(['acme 2', 'acme 1']);
  });

  it('wait no second time behind a batch that fails, if they have waited long, of whichever brand', async () => {
    const now = jest.spyOn(performance, 'now');
    const { batches, sent, sizes } = underControl({ lanes: 1, allLanes: 1 });
    const outcome = (call: string, brand = acme) => batches.add(brand, call).then(String, ({ message }: Error) => message);
    const said = [outcome('a')];
    await turn();
    said.push(outcome('b'), outcome('c', globex));
    now.mockReturnValue(performance.now() + 2_000);
    const late = outcome('d');
    sent[0]!.fail(new Error('gone'));
    expect(await Promise.all(said)).toEqual(['gone', 'gone', 'gone']);
    await turn();
    expect(sizes()).toEqual(['acme 1', 'acme 1']);
    sent[1]!.answer();
    expect(await late).toBe('d!');
    now.mockRestore();
  });

  it('are counted', async () => {
    const sizes: number[] = [];
    const { batches } = underControl({ sized: (size) => sizes.push(size) });
    for (let i = 0; i < 5; i++) void batches.add(acme, String(i));
    await turn();
    expect(sizes).toEqual([5]);
  });
});
