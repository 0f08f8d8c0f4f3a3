import { QueryBus } from '@nestjs/cqrs';
import type { BrandId } from '../../libs/kernel/brand-id';
import { parsePublicId, publicId } from '../../libs/kernel/id';
import { Database } from '../../libs/persistence/database';
import { startTestService, type TestService } from '../../libs/testing/service';
import { createBrandWorld, ok } from '../../libs/testing/world';
import { VerifyAuditLogs } from '../../src/audit';
import { PostgresAuditChain } from '../../src/audit/adapters/postgres-audit-chain';
import { columns, genesis, hashOf } from '../../src/audit/domain/audit-chain';
import type { KeptHead } from '../../src/audit/domain/report';
import { auditOf } from '../fixtures/audit';

jest.setTimeout(30_000);

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

const { sql, seal, verify } = auditOf(() => service);

/** A brand with a sealed log of some length. */
async function aLog() {
  const world = await createBrandWorld(service);
  for (let i = 0; i < 6; i++) {
    ok(await world.call({ method: 'PATCH', path: `/v1/licenses/${world.licenseId}`, body: { metadata: { i: `${i}` } } }));
  }
  await seal();
  const id = parsePublicId('brand', world.brandId) as BrandId;
  const seals = await sql<{ id: string; sequence: number; hash: Buffer }>(
    'select audit_log_id as id, sequence::int, hash, signature, key_version from audit_seals where brand_id = $1 order by sequence',
    [id],
  );
  const row = (sequence: number) => seals[sequence - 1]!.id;
  const report = await verify(world.brandId);
  expect(report).toMatchObject({ finding: null, rows: seals.length, head: { sequence: seals.length } });
  expect(seals.length).toBeGreaterThan(10);
  return { world, id, row, length: seals.length, kept: { brand: world.brandId, ...report.head! } satisfies KeptHead };
}

type Log = Awaited<ReturnType<typeof aLog>>;

/** What somebody who owns the database, but not the key, would do to have the hashes fit again. */
async function hashAnew({ id }: Log, { from = 1, to = Infinity, head = true } = {}): Promise<void> {
  const db = service.app.get(Database);
  const chain = await db.run(id, () => new PostgresAuditChain(db).sealedAfter(id, 0, 1000));
  let previous: Buffer = genesis;
  for (const { sequence, hash, row, id: logId } of chain) {
    const next: Buffer = sequence >= from && sequence <= to ? hashOf(previous, row!) : hash;
    await sql('update audit_seals set hash = $3 where brand_id = $1 and audit_log_id = $2', [id, logId, next]);
    previous = next;
  }
  if (head) await sql('update audit_heads set hash = $2, sequence = $3 where brand_id = $1', [id, previous, chain.at(-1)!.sequence]);
}

/** Puts a row in, at a place that is free. */
async function insert({ id, row }: Log, sequence: number | null): Promise<string> {
  const forged = '019ab000-0000-7000-8000-000000000001';
  await sql(
    `insert into audit_logs (brand_id, id, actor, action, outcome, occurred_at)
     select brand_id, $3, actor, action, outcome, occurred_at from audit_logs where brand_id = $1 and id = $2`,
    [id, row(3), forged],
  );
  if (sequence !== null) {
    await sql(
      `insert into audit_seals select brand_id, $3, $4, hash, signature, key_version from audit_seals where brand_id = $1 and audit_log_id = $2`,
      [id, row(3), forged, sequence],
    );
  }
  return forged;
}

const shift = async ({ id }: Log, from: number, by: number) => {
  await sql('update audit_seals set sequence = -sequence where brand_id = $1 and sequence >= $2', [id, from]);
  await sql('update audit_seals set sequence = -sequence + $2 where brand_id = $1 and sequence < 0', [id, by]);
};
const swap = (column: 'sequence' | 'audit_log_id') => async (log: Log, one: number, other: number) => {
  const free = column === 'sequence' ? `-1` : `'019ab000-0000-7000-8000-0000000000ff'`;
  const [a, b] = [column, column].map((name, i) => `(select ${name} from old where n = ${i + 1})`);
  await sql(`create temp table old as select row_number() over (order by sequence) as n, sequence, audit_log_id from audit_seals
    where brand_id = '${log.id}' and sequence in (${one}, ${other})`);
  const set = (value: string, where: string) =>
    sql(`update audit_seals set ${column} = ${value} where brand_id = '${log.id}' and ${column} = ${where}`);
  await set(free, a!);
  await set(a!, b!);
  await set(b!, free);
  await sql('drop table old');
};
const deleteFrom = (log: Log, from: number, what: ('audit_logs' | 'audit_seals')[]) =>
  sql(
    `with gone as (select audit_log_id from audit_seals where brand_id = $1 and sequence >= $2)
       ${what.map((table) => `, ${table}_gone as (delete from ${table} where brand_id = $1 and ${table === 'audit_logs' ? 'id' : 'audit_log_id'} in (select * from gone))`).join('')}
       select`,
    [log.id, from],
  );
const deleteOne = async (log: Log, sequence: number, what: ('audit_logs' | 'audit_seals')[]) => {
  for (const table of what)
    await sql(`delete from ${table} where brand_id = $1 and ${table === 'audit_logs' ? 'id' : 'audit_log_id'} = $2`, [
      log.id,
      log.row(sequence),
    ]);
};
const change = (log: Log, sequence: number) =>
  sql(`update audit_logs set actor = 'nobody' where brand_id = $1 and id = $2`, [log.id, log.row(sequence)]);

interface Expected {
  readonly tampering: string;
  readonly sequence: number | null;
  /** The row that it was when it was sealed there, where it is another than the sequence says. */
  readonly row?: number | string | null;
}

describe('A log that was tampered with', () => {
  const cases: [what: string, tamper: (log: Log) => Promise<unknown>, expected: Expected | ((log: Log) => Expected)][] = [
    ['a row was changed', (log) => change(log, 5), { tampering: 'changed', sequence: 5 }],
    ['the last row was changed', (log) => change(log, log.length), (log) => ({ tampering: 'changed', sequence: log.length })],
    ['two rows were changed', async (log) => [await change(log, 9), await change(log, 4)], { tampering: 'changed', sequence: 4 }],
    ['a row was deleted', (log) => deleteOne(log, 5, ['audit_logs']), { tampering: 'deleted', sequence: 5 }],
    [
      'a row was deleted with its seal',
      (log) => deleteOne(log, 5, ['audit_logs', 'audit_seals']),
      { tampering: 'deleted', sequence: 5, row: null },
    ],
    [
      'the first row was deleted',
      (log) => deleteOne(log, 1, ['audit_logs', 'audit_seals']),
      { tampering: 'deleted', sequence: 1, row: null },
    ],
    ['a seal was deleted', (log) => deleteOne(log, 5, ['audit_seals']), { tampering: 'deleted', sequence: 5, row: null }],
    [
      'a row was deleted and the others moved up',
      async (log) => [await deleteOne(log, 5, ['audit_logs', 'audit_seals']), await shift(log, 6, -1)],
      { tampering: 'moved', sequence: 5, row: 6 },
    ],
    ['two seals were swapped', (log) => swap('sequence')(log, 3, 7), { tampering: 'moved', sequence: 3, row: 7 }],
    ['two neighbours were swapped', (log) => swap('sequence')(log, 3, 4), { tampering: 'moved', sequence: 3, row: 4 }],
    ['two rows were swapped beneath their seals', (log) => swap('audit_log_id')(log, 3, 7), { tampering: 'moved', sequence: 3, row: 7 }],
    [
      'two rows were swapped and all hashed anew',
      async (log) => [await swap('audit_log_id')(log, 3, 7), await hashAnew(log)],
      { tampering: 'forged', sequence: 3, row: 7 },
    ],
    [
      'a row was changed and hashed anew',
      async (log) => [await change(log, 5), await hashAnew(log, { to: 5, head: false })],
      { tampering: 'forged', sequence: 5 },
    ],
    [
      'a row was changed and all hashed anew',
      async (log) => [await change(log, 5), await hashAnew(log)],
      { tampering: 'forged', sequence: 5 },
    ],
    [
      'the last row was changed and hashed anew',
      async (log) => [await change(log, log.length), await hashAnew(log)],
      (log) => ({ tampering: 'forged', sequence: log.length }),
    ],
    [
      'a row was put in',
      async (log) => [await shift(log, 6, 1), await insert(log, 6)],
      { tampering: 'moved', sequence: 6, row: '019ab000-0000-7000-8000-000000000001' },
    ],
    [
      'a row was put in and all hashed anew',
      async (log) => [await shift(log, 6, 1), await insert(log, 6), await hashAnew(log)],
      { tampering: 'forged', sequence: 6, row: '019ab000-0000-7000-8000-000000000001' },
    ],
    [
      'a row was put behind the end',
      async (log) => [await insert(log, log.length + 1), await hashAnew(log, { head: false })],
      (log) => ({ tampering: 'forged', sequence: log.length + 1, row: '019ab000-0000-7000-8000-000000000001' }),
    ],
    [
      'a row was put in beside the chain',
      (log) => insert(log, null),
      { tampering: 'forged', sequence: null, row: '019ab000-0000-7000-8000-000000000001' },
    ],
    ['the last rows were cut off', (log) => deleteFrom(log, 8, ['audit_logs']), { tampering: 'truncated', sequence: 8 }],
    [
      'the last rows were cut off with their seals',
      (log) => deleteFrom(log, 8, ['audit_logs', 'audit_seals']),
      { tampering: 'truncated', sequence: 8, row: null },
    ],
    [
      'everything was cut off',
      (log) => deleteFrom(log, 1, ['audit_logs', 'audit_seals']),
      { tampering: 'truncated', sequence: 1, row: null },
    ],
    [
      'the head was lost',
      (log) => sql('delete from audit_heads where brand_id = $1', [log.id]),
      (log) => ({ tampering: 'head', sequence: log.length, row: null }),
    ],
    [
      'the signature of the head was changed',
      (log) => sql('update audit_heads set signature = $2 where brand_id = $1', [log.id, Buffer.alloc(64)]),
      (log) => ({ tampering: 'head', sequence: log.length, row: null }),
    ],
    [
      'the seal of a row was passed off as the head',
      async (log) => [
        await deleteFrom(log, 8, ['audit_logs', 'audit_seals']),
        await sql(
          `update audit_heads h set sequence = s.sequence, hash = s.hash, signature = s.signature from audit_seals s
            where s.brand_id = h.brand_id and h.brand_id = $1 and s.sequence = 7`,
          [log.id],
        ),
      ],
      { tampering: 'head', sequence: 7, row: null },
    ],
  ];
  const place = (log: Log, row: number | string | null) => (typeof row === 'number' ? log.row(row) : row);

  it.each(cases)('is found out, with its row: %s', async (_, tamper, expected) => {
    const log = await aLog();
    await tamper(log);
    const { tampering, sequence, row = sequence } = typeof expected === 'function' ? expected(log) : expected;
    expect((await verify(log.world.brandId)).finding).toMatchObject({ tampering, sequence, id: place(log, row) });
  });

  it('is found out whichever column was changed', async () => {
    const log = await aLog();
    const other: Partial<Record<(typeof columns)[number], string>> = {
      position: `position + 1000000`,
      before: `coalesce(before, '{}') || '{"n": 1.10}'`,
      after: `after || '{"n": 1}'`,
      outcome: `'refused'`,
      occurred_at: `occurred_at + interval '1 microsecond'`,
    };
    await sql('alter table audit_logs alter column position set generated by default');
    const changeable = columns.filter((column) => column !== 'id' && column !== 'brand_id');
    for (const column of changeable) {
      const where = `brand_id = '${log.id}' and id = '${log.row(4)}'`;
      await sql('create temp table kept as select * from audit_logs where ' + where);
      const value = other[column] ?? `coalesce(${column}, '') || 'x'`;
      if (column === 'position') {
        await sql(`delete from audit_logs where ${where}`);
        await sql(`update kept set position = ${value}`);
        await sql('insert into audit_logs overriding system value select * from kept');
      } else {
        await sql(`update audit_logs set ${column} = ${value} where ${where}`);
      }
      const { finding } = await verify(log.world.brandId);
      expect([column, finding]).toMatchObject([column, { tampering: 'changed', sequence: 4, id: log.row(4) }]);
      await sql(`delete from audit_logs where ${where}`);
      if (column === 'position') await sql('update kept set position = position - 1000000');
      await sql('insert into audit_logs overriding system value select * from kept');
      await sql('drop table kept');
      expect((await verify(log.world.brandId)).finding).toBeNull();
    }
  });

  it('covers every column of the table', async () => {
    const names = await sql<{ name: string }>(`select column_name as name from information_schema.columns where table_name = 'audit_logs'`);
    expect(names.map(({ name }) => name).sort()).toEqual([...columns].sort());
  });

  describe('and whose old head was put back', () => {
    const older = async () => {
      const log = await aLog();
      const [before] = await sql('select * from audit_heads where brand_id = $1', [log.id]);
      for (const name of ['One', 'Two'])
        ok(await log.world.operate({ method: 'PATCH', path: `/v1/brands/${log.world.slug}`, body: { name } }));
      await seal();
      const report = await verify(log.world.brandId);
      const putBack = () =>
        sql('update audit_heads set sequence = $2, hash = $3, signature = $4 where brand_id = $1', [
          log.id,
          before.sequence,
          before.hash,
          before.signature,
        ]);
      return { log, kept: { brand: log.world.brandId, ...report.head! }, putBack };
    };

    it('is found out by the rows behind it', async () => {
      const { log, putBack } = await older();
      await putBack();
      expect((await verify(log.world.brandId)).finding).toMatchObject({ tampering: 'head', sequence: log.length + 1 });
    });

    it('is found out when every seal was taken away, a row rewritten, and all of it sealed anew by the service', async () => {
      const log = await aLog();
      await sql('delete from audit_heads where brand_id = $1', [log.id]);
      await sql('update audit_seals set sequence = null, hash = null, signature = null, key_version = null where brand_id = $1', [log.id]);
      await sql(
        `update audit_logs set actor = 'mallory' where id = (select id from audit_logs where brand_id = $1 order by position limit 1)`,
        [log.id],
      );
      await seal();
      // From the inside it looks right: the service itself has signed it.
      expect((await verify(log.world.brandId)).finding).toBeNull();
      expect((await verify(log.world.brandId, [log.kept])).finding).not.toBeNull();
    });

    it('is found out by a head that was kept elsewhere', async () => {
      const { log, kept, putBack } = await older();
      expect((await verify(log.world.brandId, [kept, log.kept])).finding).toBeNull();
      await deleteFrom(log, log.length + 1, ['audit_logs', 'audit_seals']);
      await putBack();
      expect((await verify(log.world.brandId, [log.kept])).finding).toBeNull();
      expect((await verify(log.world.brandId, [kept])).finding).toMatchObject({ tampering: 'truncated', sequence: log.length + 1 });
    });

    it('is found out also when it was written on', async () => {
      const { log, kept, putBack } = await older();
      await deleteFrom(log, log.length + 1, ['audit_logs', 'audit_seals']);
      await putBack();
      for (const name of ['Three', 'Four', 'Five'])
        ok(await log.world.operate({ method: 'PATCH', path: `/v1/brands/${log.world.slug}`, body: { name } }));
      await seal();
      expect((await verify(log.world.brandId)).finding).toBeNull();
      expect((await verify(log.world.brandId, [kept])).finding).toMatchObject({ tampering: 'truncated', sequence: kept.sequence });
    });

    it('is found out when nothing at all is left', async () => {
      const { log, kept } = await older();
      for (const table of ['audit_logs', 'audit_seals', 'audit_heads']) await sql(`delete from ${table} where brand_id = $1`, [log.id]);
      const reports = await service.app.get(QueryBus).execute(new VerifyAuditLogs(null, [kept], () => undefined));
      expect(reports.find(({ brand }) => brand === kept.brand)).toMatchObject({ finding: { tampering: 'truncated', sequence: 1 } });
      expect((await verify(log.world.brandId, [kept])).finding).toMatchObject({ tampering: 'truncated', sequence: 1 });
    });

    it('is not accused by a head that our key did not sign', async () => {
      const { log, kept } = await older();
      const foreign = { ...kept, hash: Buffer.alloc(32) };
      expect((await verify(log.world.brandId, [{ ...kept, signature: Buffer.alloc(64) }])).finding).toMatchObject({ tampering: 'head' });
      expect((await verify(log.world.brandId, [foreign])).finding).not.toBeNull();
    });
  });

  it('is another one than the next', async () => {
    const [one, next] = [await aLog(), await aLog()];
    await change(one, 5);
    const reports = await service.app.get(QueryBus).execute(new VerifyAuditLogs(null, [], () => undefined));
    const of = ({ world }: Log) => reports.find(({ brand }) => brand === world.brandId)!.finding;
    expect([of(one)?.tampering, of(next)]).toEqual(['changed', null]);
    expect(publicId('brand', one.id)).toBe(one.world.brandId);
  });
});

describe('Sealing', () => {
  it('does not go on from a head that was forged, and does go on for everybody else', async () => {
    const [one, next] = [await aLog(), await aLog()];
    await sql(`update audit_heads set hash = $2 where brand_id = $1`, [one.id, Buffer.alloc(32, 7)]);
    for (const log of [one, next])
      ok(await log.world.operate({ method: 'PATCH', path: `/v1/brands/${log.world.slug}`, body: { name: 'Later' } }));
    await expect(seal()).rejects.toThrow(/head of the audit log of brd_\w+ was altered/);
    expect((await verify(one.world.brandId)).waiting.count).toBe(1);
    expect(await verify(next.world.brandId)).toMatchObject({ finding: null, waiting: { count: 0 } });
    await sql('delete from audit_seals where brand_id = $1', [one.id]);
  });
});
