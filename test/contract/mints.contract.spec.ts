import 'reflect-metadata';
import type { FactoryProvider } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants';
import { parseLicenseKey } from '../../libs/license-key/license-key';
import { IdentityModule } from '../../src/identity';
import { parseSecret } from '../../src/identity/domain/api-secret';
import { SecretMint } from '../../src/identity/ports/secret-mint';
import { PepperedKeyMint } from '../../src/licenses/adapters/peppered-key-mint';
import { KeyMint } from '../../src/licenses/ports/key-mint';

const pepper = (version: number, secret = `the secret of pepper number ${version}, long enough`) => ({ version, secret });
const mintOf = (...all: ReturnType<typeof pepper>[]): KeyMint => new PepperedKeyMint({ all });
const canonical = (text: string) => parseLicenseKey(text)!.canonical;

describe(`${KeyMint.name} with peppers`, () => {
  it('makes keys of the prefix that are well-formed, and never one twice', () => {
    const made = Array.from({ length: 500 }, () => mintOf(pepper(1)).mint('ACME').text);
    expect(made.filter((text) => parseLicenseKey(text)?.prefix !== 'ACME')).toEqual([]);
    expect(new Set(made).size).toBe(500);
  });

  it('finds what it made: the hash is the first that the key may be stored as', () => {
    const mint = mintOf(pepper(1));
    const { text, hash, hint } = mint.mint('ACME');
    expect(mint.hashesOf(canonical(text))[0]).toEqual(hash);
    expect(hint).toMatch(/^ACME-…-\w{5}$/);
  });

  it('makes new keys under the newest pepper, and opens those made under older ones', () => {
    const [before, after] = [mintOf(pepper(1)), mintOf(pepper(1), pepper(2))];
    const [old, fresh] = [before.mint('ACME'), after.mint('ACME')];
    expect([old.pepperVersion, fresh.pepperVersion]).toEqual([1, 2]);
    expect(after.hashesOf(canonical(old.text))).toContainEqual(old.hash);
    expect(after.hashesOf(canonical(fresh.text))[0]).toEqual(fresh.hash);
    expect(before.hashesOf(canonical(fresh.text))).not.toContainEqual(fresh.hash);
    expect(mintOf(pepper(2), pepper(1)).mint('ACME').pepperVersion).toBe(2);
  });

  it('makes other hashes of a key under another pepper', () => {
    const { text, hash } = mintOf(pepper(1)).mint('ACME');
    expect(mintOf(pepper(1, 'some other secret that is long enough')).hashesOf(canonical(text))).not.toContainEqual(hash);
  });
});

describe(`${SecretMint.name} of the identity module`, () => {
  const providers = Reflect.getMetadata(MODULE_METADATA.PROVIDERS, IdentityModule) as FactoryProvider<SecretMint>[];
  const { useFactory } = providers.find(({ provide }) => provide === SecretMint)!;
  const mintIn = (mode: 'live' | 'test') => useFactory({ mode }) as SecretMint;

  it('makes secrets that say where they work and for whom', () => {
    expect(mintIn('live').mint('brand').text).toMatch(/^lk_live_b_/);
    expect(mintIn('test').mint('internal').text).toMatch(/^lk_test_i_/);
  });

  it('makes secrets that are found by what they show', () => {
    const { text, publicPart, hash } = mintIn('live').mint('brand');
    expect(parseSecret(text)).toEqual({ publicPart, hash });
  });
});
