import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { mintSecret, parseSecret, sameHash } from './api-secret';

const secret = fc
  .constantFrom('live' as const, 'test' as const)
  .chain((mode) =>
    fc
      .constantFrom('brand' as const, 'internal' as const)
      .chain((role) => fc.nat().map(() => ({ mode, role, minted: mintSecret(mode, role) }))),
  );

describe('The secret of an API key', () => {
  it('has the promised form, and is found by what it shows', () => {
    fc.assert(
      fc.property(secret, ({ mode, role, minted: { text, hint, publicPart, hash } }) => {
        expect(text).toMatch(new RegExp(`^lk_${mode}_${role[0]}_${publicPart}_[0-9A-Za-z]{33}$`));
        expect(hint).toBe(`${text.slice(0, 19)}…`);
        expect(hash).toEqual(createHash('sha256').update(text).digest());
        expect(parseSecret(text)).toEqual({ publicPart, hash });
      }),
    );
  });

  it('is refused with any one character changed', () => {
    const symbol = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_- ');
    fc.assert(
      fc.property(secret, fc.nat(51), symbol, ({ minted: { text } }, place, other) => {
        fc.pre(text[place] !== other);
        expect(parseSecret(text.slice(0, place) + other + text.slice(place + 1))).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused cut off, with more, or with neighbours swapped', () => {
    const { text } = mintSecret('live', 'brand');
    expect([...text].filter((_, end) => parseSecret(text.slice(0, end)) !== null)).toEqual([]);
    expect([`${text}0`, ` ${text}`, `${text}\n`, text.toUpperCase()].filter(parseSecret)).toEqual([]);
    const swapped = [...text].map((_, at) => text.slice(0, at) + (text[at + 1] ?? '') + text[at] + text.slice(at + 2));
    expect(swapped.filter((one) => one !== text && parseSecret(one))).toEqual([]);
  });

  it('is never minted twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => mintSecret('test', 'brand').text)).size).toBe(1000);
  });

  it('is compared without an error, whatever lengths meet', () => {
    const [one, other] = [Buffer.from('one hash'), Buffer.from('two hash')];
    expect([sameHash(one, Buffer.from(one)), sameHash(one, other), sameHash(one, Buffer.alloc(0))]).toEqual([true, false, false]);
  });

  it('takes as long to compare when the first byte differs as when the last one does', () => {
    const size = 1 << 20; // long enough that a comparison which stops early would be seen at once
    const secretHash = Buffer.alloc(size, 1);
    const [first, last] = [Buffer.from(secretHash), Buffer.from(secretHash)];
    first[0] = 2;
    last[size - 1] = 2;
    const fastest = (compare: () => boolean) =>
      Math.min(
        ...Array.from({ length: 15 }, () => {
          const start = performance.now();
          compare();
          return performance.now() - start;
        }),
      );
    expect(fastest(() => sameHash(secretHash, first)) * 5).toBeGreaterThan(fastest(() => sameHash(secretHash, last)));
    expect(fastest(() => secretHash.equals(first)) * 5).toBeLessThan(fastest(() => secretHash.equals(last)));
  });
});
