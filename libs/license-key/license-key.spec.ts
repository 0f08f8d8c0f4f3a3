import * as fc from 'fast-check';
import { maskLicenseKey, mintLicenseKey, parseLicenseKey } from './license-key';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const prefix = fc
  .tuple(fc.constantFrom(...letters), fc.string({ unit: fc.constantFrom(...letters, ...'0123456789'), minLength: 1, maxLength: 9 }))
  .map(([first, rest]) => first + rest);
const key = prefix.map(mintLicenseKey);
const replaceAt = (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at + by.length);

describe('A license key', () => {
  it('has the form that the contract promises', () => {
    expect(mintLicenseKey('RM')).toMatch(/^RM(-[0-9A-HJKMNP-TV-Z]{5}){6}$/);
  });

  it('is read however it is typed', () => {
    fc.assert(
      fc.property(key, fc.infiniteStream(fc.constantFrom('', ' ', '-', '\t')), fc.infiniteStream(fc.boolean()), (minted, gaps, lower) => {
        const sloppy = [...minted.replaceAll('-', '')]
          .map((c) => (lower.next().value ? c.toLowerCase() : c) + gaps.next().value!)
          .join('')
          .replaceAll('1', 'l')
          .replaceAll('0', 'o');
        fc.pre(sloppy.length <= 100);
        expect(parseLicenseKey(sloppy)).toEqual(parseLicenseKey(minted));
        expect(parseLicenseKey(minted)).not.toBeNull();
      }),
    );
  });

  it('is refused with one symbol wrong, wherever it is', () => {
    fc.assert(
      fc.property(key, fc.nat(), fc.constantFrom(...symbols), (minted, position, symbol) => {
        const plain = minted.replaceAll('-', '');
        const at = plain.length - 30 + (position % 30);
        fc.pre(plain[at] !== symbol);
        expect(parseLicenseKey(replaceAt(plain, at, symbol))).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused with two neighbours swapped', () => {
    fc.assert(
      fc.property(key, fc.nat(28), (minted, offset) => {
        const plain = minted.replaceAll('-', '');
        const at = plain.length - 30 + offset;
        fc.pre(plain[at] !== plain[at + 1]);
        expect(parseLicenseKey(replaceAt(plain, at, plain[at + 1]! + plain[at]!))).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it('is refused under the prefix of another brand', () => {
    const body = mintLicenseKey('RM').slice(3);
    expect(parseLicenseKey(`RN-${body}`)).toBeNull();
  });

  it('never throws and never accepts noise', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (noise) => expect(parseLicenseKey(noise)).toBeNull()));
  });

  it('shows its prefix and last group, nothing else', () => {
    const minted = mintLicenseKey('RM');
    expect(maskLicenseKey(minted)).toBe(`RM-…-${minted.slice(-5)}`);
  });
});
