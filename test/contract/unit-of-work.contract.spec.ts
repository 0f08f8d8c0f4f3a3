import { setTimeout as sleep } from 'node:timers/promises';
import { type BrandId, newBrandId } from '../../libs/kernel/brand-id';
import { allBrands } from '../../src/identity';
import { aBrand } from '../fixtures/aggregates';
import { postgresHouse } from '../fixtures/houses';
import { aTenant } from './contract';

describe('The unit of work over PostgreSQL', () => {
  let house: Awaited<ReturnType<typeof postgresHouse>>;
  let brandId: BrandId;
  beforeAll(async () => {
    house = await postgresHouse();
  });
  beforeEach(async () => {
    brandId = await aTenant(house);
  });
  afterAll(() => house.close());

  const rename = async (name: string, id = brandId) => {
    await house.db.manager.query('update brands set name = $1 where id = $2', [name, id]);
  };
  const nameNow = async () => (await house.directory.get(brandId)).name;
  const fail = (code: string) => house.db.manager.query(`do $$ begin raise exception 'on purpose' using errcode = '${code}'; end $$`);

  it('keeps all that was written, and answers what the work answered', async () => {
    expect(await house.db.run(brandId, () => rename('kept').then(() => 'done'))).toBe('done');
    expect(await nameNow()).toBe('kept');
  });

  it('keeps nothing when the work fails, and passes its failure on', async () => {
    const failure = new Error('on purpose');
    const failed = house.db.run(brandId, async () => {
      await rename('lost');
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    expect(await nameNow()).toBe('Acme');
  });

  it('is joined by a run inside it: one sees what the other wrote, and neither is kept without the other', async () => {
    const failed = house.db.run(brandId, async () => {
      await rename('outer');
      await house.db.run(brandId, async () => {
        expect(await nameNow()).toBe('outer');
        await rename('inner');
      });
      expect(await nameNow()).toBe('inner');
      throw new Error('on purpose');
    });
    await expect(failed).rejects.toThrow('on purpose');
    expect(await nameNow()).toBe('Acme');
  });

  it('is needed: outside nothing is read, written or timed', async () => {
    expect(() => house.db.manager).toThrow('Outside a unit of work');
    expect(() => house.db.now()).toThrow('Outside a unit of work');
    expect(() => house.db.afterCommit(() => undefined)).toThrow('Outside a unit of work');
    await expect(house.brands.save(aBrand({ id: newBrandId() }))).rejects.toThrow('Outside a unit of work');
  });

  it('never changes its brand', async () => {
    const inside = (other: BrandId | typeof allBrands) => house.db.run(brandId, () => house.db.run(other, () => Promise.resolve()));
    await expect(inside(newBrandId())).rejects.toThrow('may not change its brand');
    await expect(inside(allBrands)).rejects.toThrow('may not change its brand');
    await expect(house.db.run(allBrands, () => house.db.run(brandId, () => Promise.resolve()))).rejects.toThrow('may not change its brand');
  });

  it('is never seen by the run beside it', async () => {
    const other = await aTenant(house);
    const seen = async (id: BrandId) =>
      house.db.run(id, async () => {
        await rename(`of ${id}`, id);
        await sleep(20);
        return house.db.read<{ id: string; name: string }>(id, 'select id, name from brands');
      });
    const [mine, theirs] = await Promise.all([seen(brandId), seen(other)]);
    expect([mine, theirs]).toEqual([[{ id: brandId, name: `of ${brandId}` }], [{ id: other, name: `of ${other}` }]]);
  });

  describe('tries once more', () => {
    const failing = (code: string, times: number) => {
      let tries = 0;
      const work = async () => {
        tries += 1;
        await rename(`try ${tries}`);
        if (tries <= times) await house.db.run(brandId, () => fail(code));
      };
      return { run: () => house.db.run(brandId, work), tries: () => tries };
    };

    it.each(['40001', '40P01', '55P03'])('after %s, all of it', async (code) => {
      const { run, tries } = failing(code, 1);
      await run();
      expect([tries(), await nameNow()]).toEqual([2, 'try 2']);
    });

    it('and no more than once', async () => {
      const { run, tries } = failing('40001', 9);
      await expect(run()).rejects.toMatchObject({ driverError: { code: '40001' } });
      expect([tries(), await nameNow()]).toEqual([2, 'Acme']);
    });

    it('but not after another failure', async () => {
      const { run, tries } = failing('23505', 1);
      await expect(run()).rejects.toMatchObject({ driverError: { code: '23505' } });
      expect(tries()).toBe(1);
    });

    it('when two of them wait for each other, so that both get through', async () => {
      const other = await aTenant(house);
      let met = 0;
      const both = async (first: BrandId, second: BrandId, name: string) => {
        await house.db.run(allBrands, async () => {
          await rename(name, first);
          for (met += 1; met < 2; await sleep(5));
          await rename(name, second);
        });
      };
      await Promise.all([both(brandId, other, 'one'), both(other, brandId, 'two')]);
      expect(await nameNow()).toBe((await house.directory.get(other)).name);
    });
  });

  describe('tells', () => {
    it('after the commit, and not before', async () => {
      const told: string[] = [];
      await house.db.run(brandId, async () => {
        await rename('committed');
        house.db.afterCommit(() => told.push('told'));
        await house.db.run(brandId, () => Promise.resolve());
        expect(told).toEqual([]);
      });
      expect(told).toEqual(['told']);
    });

    it('nothing of what was rolled back, and of a second try only what was kept', async () => {
      const told: number[] = [];
      let tries = 0;
      const work = (times: number) => async () => {
        const number = ++tries;
        house.db.afterCommit(() => told.push(number));
        if (number <= times) await fail('40001');
      };
      await expect(house.db.run(brandId, work(9))).rejects.toThrow();
      expect(told).toEqual([]);
      tries = 0;
      await house.db.run(brandId, work(1));
      expect(told).toEqual([2]);
    });
  });

  describe('has parts that may fail alone:', () => {
    it('what such a part wrote and would have told is undone, what was written before and after is not', async () => {
      const told: string[] = [];
      await house.db.run(brandId, async () => {
        await rename('before');
        const part = house.db.part(async () => {
          await rename('in the part');
          house.db.afterCommit(() => told.push('in the part'));
          await fail('22000');
        });
        await expect(part).rejects.toThrow('on purpose');
        expect(await nameNow()).toBe('before');
        house.db.afterCommit(() => told.push('after'));
      });
      expect([await nameNow(), told]).toEqual(['before', ['after']]);
    });

    it('one that does not fail is kept with the rest, also inside another one', async () => {
      await house.db.run(brandId, () =>
        house.db.part(async () => {
          await rename('outer');
          await house.db.part(() => rename('inner'));
          await expect(house.db.part(() => fail('22000'))).rejects.toThrow('on purpose');
        }),
      );
      expect(await nameNow()).toBe('inner');
      const undone = house.db.run(brandId, () =>
        house.db.part(async () => {
          await rename('outer');
          await expect(house.db.part(() => rename('lost').then(() => fail('22000')))).rejects.toThrow('on purpose');
          throw new Error('the outer one too');
        }),
      );
      await expect(undone).rejects.toThrow('the outer one too');
      expect(await nameNow()).toBe('inner');
    });
  });

  it('has one time, which is the database’s', async () => {
    await house.db.run(brandId, async () => {
      const [row] = await house.db.read<{ now: Date }>(brandId, 'select now()');
      await sleep(5);
      expect(house.db.now()).toEqual(row!.now);
      await house.db.run(brandId, () => Promise.resolve(expect(house.db.now()).toEqual(row!.now)));
    });
  });

  it('gives its connection back, however it ends', async () => {
    const ends = Array.from({ length: 60 }, (_, i) =>
      house.db.run(brandId, () => (i % 3 === 0 ? Promise.reject(new Error('on purpose')) : i % 3 === 1 ? fail('40001') : nameNow())),
    );
    await Promise.allSettled(ends);
    const [row] = await house.source.query<[{ open: number }]>(
      `select count(*)::int as open from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(row.open).toBe(0);
    expect(await nameNow()).toBe('Acme');
  });
});
