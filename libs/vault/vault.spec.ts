import { createPublicKey, verify } from 'node:crypto';
import { CannotOpen, Vault } from './vault';

const first = { version: 1, secret: 'the first secret of the tests, long enough' };
const second = { version: 2, secret: 'the second secret of the tests, long enough' };
const old = new Vault({ all: [first] });
const both = new Vault({ all: [first, second] });

describe('A vault', () => {
  it('opens what it sealed, in the same context', () => {
    expect(old.open(old.seal('whsec_ünicode', 'endpoint 7'), 'endpoint 7')).toBe('whsec_ünicode');
  });

  it('never seals twice to the same bytes, and shows nothing of the text', () => {
    const [one, other] = [old.seal('secret', 'a'), old.seal('secret', 'a')];
    expect(one.equals(other)).toBe(false);
    expect(one.includes('secret')).toBe(false);
  });

  it.each([
    ['elsewhere', (sealed: Buffer) => old.open(sealed, 'endpoint 8')],
    ['with another key under the version', (sealed: Buffer) => new Vault({ all: [{ ...second, version: 1 }] }).open(sealed, 'endpoint 7')],
    ['without the key', (sealed: Buffer) => new Vault({ all: [second] }).open(sealed, 'endpoint 7')],
    ['when it was cut off', (sealed: Buffer) => old.open(sealed.subarray(0, 20), 'endpoint 7')],
    [
      'when a bit of it changed',
      (sealed: Buffer) => old.open(Buffer.concat([sealed.subarray(0, -1), Buffer.from([sealed.at(-1)! ^ 1])]), 'endpoint 7'),
    ],
  ])('does not open %s', (_, open) => {
    expect(() => open(old.seal('whsec_', 'endpoint 7'))).toThrow(CannotOpen);
  });

  it('seals under the newest key, and opens what older ones sealed', () => {
    const sealed = both.seal('text', 'a');
    expect(sealed.readUInt16BE()).toBe(2);
    expect(both.open(old.seal('text', 'a'), 'a')).toBe('text');
    expect(() => old.open(sealed, 'a')).toThrow(CannotOpen);
  });

  it('signs so that anybody with the public key can check it', () => {
    const { version, signature } = both.sign(Buffer.from('head'));
    expect(version).toBe(2);
    expect(both.verify(Buffer.from('head'), version, signature)).toBe(true);
    expect(both.verify(Buffer.from('other'), version, signature)).toBe(false);
    expect(both.verify(Buffer.from('head'), 1, signature)).toBe(false);
    expect(old.verify(Buffer.from('head'), 2, signature)).toBe(false);
    expect(verify(null, Buffer.from('head'), createPublicKey(both.publicKey(2)), signature)).toBe(true);
  });
});
