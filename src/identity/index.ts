export { IdentityModule } from './identity.module';
export { allBrands } from './adapters/all-brands';
export { brandScopes, defaultScopes } from './domain/api-key';
export { IssueApiKey } from './use-cases/issue-api-key';
export { LegacyBrand } from './ports/legacy-brand';
export { KeyMode } from './ports/secret-mint';
export { ListApiKeys } from './use-cases/list-api-keys';
export { RevokeApiKey } from './use-cases/revoke-api-key';
