import { anApiKey, acme, happened, inDays, noon } from '../../../test/fixtures/aggregates';
import { installation } from '../../../libs/kernel/brand-id';
import { ApiKey, brandScopes, defaultScopes, mayUse } from './api-key';
import { mintSecret } from './api-secret';
import { ApiKeyRevokedAlready, ScopeNotYours } from './errors';

const issue = (scopes: string[], grantable: string[], brandId: typeof acme | null = acme) =>
  ApiKey.issue(brandId, { name: 'shop', scopes, expiresAt: null }, grantable, mintSecret('test', 'brand'), noon);

describe('An API key', () => {
  it('is of a brand, or of an operator over all brands', () => {
    expect(issue([], []).state).toMatchObject({ role: 'brand', brandId: acme });
    expect(issue(['*'], ['*'], null).state).toMatchObject({ role: 'internal', brandId: null });
  });

  it('keeps no secret, and its events tell of neither secret nor hash', () => {
    const secret = mintSecret('test', 'brand');
    const key = ApiKey.issue(acme, { name: 'shop', scopes: [], expiresAt: null }, [], secret, noon);
    const events = key.releaseEvents();
    expect(JSON.stringify([key.state, events])).not.toContain(secret.text);
    expect(JSON.stringify(events)).not.toMatch(/hash|hint|publicPart/);
  });

  it('is given only what its giver has', () => {
    expect(() => issue(['licenses:read', 'api_keys:write'], ['licenses:read'])).toThrow(new ScopeNotYours('api_keys:write'));
    expect(() => issue(['*'], [...brandScopes])).toThrow(ScopeNotYours);
    expect(issue([...brandScopes], ['*']).state.scopes).toEqual(brandScopes);
  });

  it('may issue no keys unless it was told that it may', () => {
    expect(defaultScopes.filter((scope) => scope.startsWith('api_keys'))).toEqual([]);
    expect(mayUse(defaultScopes, 'api_keys:write')).toBe(false);
  });

  it('gets a new secret under its id, with the old one for the overlap', () => {
    const key = anApiKey();
    const secret = mintSecret('test', 'brand');
    key.rotate(secret, 3600, ['licenses:read'], noon);
    expect(key.state).toMatchObject({
      publicPart: secret.publicPart,
      hash: secret.hash,
      previousPublicPart: 'abcd1234',
      previousHash: Buffer.from('the hash'),
      previousUntil: new Date(noon.getTime() + 3_600_000),
    });
    expect(happened(key)).toEqual(['api_key.rotated']);
  });

  it('is rotated only by who has its scopes', () => {
    expect(() => anApiKey().rotate(mintSecret('test', 'brand'), 0, ['products:read'], noon)).toThrow(ScopeNotYours);
  });

  it('is dead once revoked, and stays so', () => {
    const key = anApiKey();
    key.revoke(noon);
    key.revoke(inDays(1));
    expect(key.state.revokedAt).toEqual(noon);
    expect(happened(key)).toEqual(['api_key.revoked']);
    expect(() => key.rotate(mintSecret('test', 'brand'), 0, ['*'], noon)).toThrow(ApiKeyRevokedAlready);
  });

  it('tells of an internal key to no brand', () => {
    expect(issue(['*'], ['*'], null).releaseEvents()).toMatchObject([{ type: 'api_key.created', brandId: installation }]);
  });
});
