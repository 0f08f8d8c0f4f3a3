import fc from 'fast-check';
import { type IdKind, idPrefixes, newId, parsePublicId, publicId } from './id';

const kinds = Object.keys(idPrefixes) as IdKind[];
const kind = fc.constantFrom(...kinds);

describe('A public id', () => {
  it('leads back to its UUID', () => {
    fc.assert(fc.property(kind, fc.uuid(), (of, uuid) => expect(parsePublicId(of, publicId(of, uuid))).toBe(uuid)));
  });

  it('sorts as its UUID does', () => {
    const sign = (one: string, other: string) => Math.sign(Number(one > other) - Number(one < other));
    fc.assert(fc.property(kind, fc.uuid(), fc.uuid(), (of, a, b) => sign(publicId(of, a), publicId(of, b)) === sign(a, b)));
  });

  it('sorts by the time at which it was made', () => {
    const made = Array.from({ length: 1000 }, () => publicId('license', newId()));
    expect([...made].sort()).toEqual(made);
  });

  it('is of one kind only', () => {
    const two = fc.uniqueArray(kind, { minLength: 2, maxLength: 2 });
    fc.assert(fc.property(two, fc.uuid(), ([one, other], uuid) => expect(parsePublicId(other!, publicId(one!, uuid))).toBeNull()));
  });

  it.each(['', 'lic_', 'lic', 'lic_06efg', 'lic_06EFG00000E0082000000000000', 'lic_86efg00000e0082000000000000'])('is never %p', (text) => {
    expect(parsePublicId('license', text)).toBeNull();
  });

  it('is spelled in one way: whatever parses is what would be written', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyzAV_-'), minLength: 25, maxLength: 27 });
    fc.assert(
      fc.property(digits, (rest) => {
        const uuid = parsePublicId('license', `lic_${rest}`);
        expect(uuid === null || publicId('license', uuid) === `lic_${rest}`).toBe(true);
      }),
    );
  });

  it('has a prefix that no other kind has', () => {
    expect(new Set(Object.values(idPrefixes)).size).toBe(kinds.length);
  });
});
