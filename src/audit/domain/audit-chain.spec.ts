import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type AuditRow, canonicalOf, columns, genesis, hashOf, statementOf } from './audit-chain';

const row: AuditRow = {
  brand_id: '019ab000-0000-7000-8000-000000000001',
  id: '019ab000-0000-7000-8000-000000000002',
  position: '7',
  actor: 'apk_1',
  action: 'license.updated',
  target: 'lic_"1"',
  outcome: 'done',
  code: null,
  before: '{"n": 1.10}',
  after: 'null',
  request_id: null,
  ip: '::1',
  occurred_at: '2026-06-01T12:00:00.000001Z',
};

describe('A row, written down,', () => {
  it('is this, byte for byte', () => {
    expect(canonicalOf(row)).toBe(
      '{"brand_id":"019ab000-0000-7000-8000-000000000001","id":"019ab000-0000-7000-8000-000000000002","position":"7","actor":"apk_1",' +
        '"action":"license.updated","target":"lic_\\"1\\"","outcome":"done","before":{"n": 1.10},"after":null,"ip":"::1",' +
        '"occurred_at":"2026-06-01T12:00:00.000001Z"}',
    );
  });

  it('is JSON, and no two rows are written the same', () => {
    const json = fc.option(fc.json(), { nil: null });
    const text = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('","code":"', 'null', '{}', '"')), { nil: null });
    const rows = fc.record(Object.fromEntries(columns.map((column) => [column, column === 'before' || column === 'after' ? json : text])));
    fc.assert(
      fc.property(rows, rows, (one, other) => {
        const [a, b] = [one, other].map((each) => canonicalOf(each as unknown as AuditRow));
        expect(() => JSON.parse(a!) as unknown).not.toThrow();
        expect(a === b).toBe(columns.every((column) => one[column] === other[column]));
      }),
    );
  });
});

describe('A hash', () => {
  it('is SHA-256 over the one before it and the row', () => {
    const expected = createHash('sha256').update(Buffer.alloc(32)).update(canonicalOf(row)).digest('hex');
    expect(hashOf(genesis, row).toString('hex')).toBe(expected);
  });

  it('is another one behind another', () => {
    expect(hashOf(hashOf(genesis, row), row).equals(hashOf(genesis, row))).toBe(false);
  });
});

it('A statement says of what it is, of which brand and where', () => {
  const link = { sequence: 3, hash: Buffer.alloc(32, 0xab) };
  expect(statementOf('head', 'brd_1', link).toString()).toBe(`latchkey audit head brd_1 3 ${'ab'.repeat(32)}`);
  expect(statementOf('row', 'brd_1', link).toString()).toBe(`latchkey audit row brd_1 3 ${'ab'.repeat(32)}`);
});
