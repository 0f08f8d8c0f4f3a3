import { aLicenseKey, acme, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import { CustomerMismatch } from './errors';
import { LicenseKey } from './license-key';

const minted = (hash: string) => ({ text: 'ACME-SECRET', hash: Buffer.from(hash), pepperVersion: 2, hint: `ACME-…-${hash}` });

describe('A license key', () => {
  it('keeps a hash and a hint of what was minted, never its text', () => {
    const key = LicenseKey.issue(acme, 'jane@example.com', minted('one'), noon);
    expect(key.state).toMatchObject({ hash: Buffer.from('one'), pepperVersion: 2, hint: 'ACME-…-one', previousHash: null });
    expect(JSON.stringify([key.state, key.releaseEvents()])).not.toContain('SECRET');
  });

  it('works beside its replacement for the overlap', () => {
    const key = aLicenseKey({ hash: Buffer.from('one') });
    key.reissue(minted('two'), 86_400, noon);
    expect(key.state).toMatchObject({
      hash: Buffer.from('two'),
      previousHash: Buffer.from('one'),
      previousUntil: inDays(1),
      reissuedAt: noon,
    });
    expect(happened(key)).toEqual(['license_key.reissued']);
  });

  it('is forgotten when it is replaced twice', () => {
    const key = aLicenseKey({ hash: Buffer.from('one') });
    key.reissue(minted('two'), 86_400, noon);
    key.reissue(minted('three'), 0, noon);
    expect(key.state).toMatchObject({ hash: Buffer.from('three'), previousHash: Buffer.from('two'), previousUntil: noon });
  });

  it('belongs to one customer', () => {
    expect(() => aLicenseKey().ensureOf('jane@example.com')).not.toThrow();
    expect(() => aLicenseKey().ensureOf('john@example.com')).toThrow(CustomerMismatch);
  });

  it('tells no e-mail address in its events', () => {
    const key = LicenseKey.issue(acme, 'jane@example.com', minted('one'), noon);
    expect(JSON.stringify(key.releaseEvents())).not.toContain('@');
  });
});
