import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { documentIdempotency } from '../libs/http/idempotency-docs';
import { refusalExamples } from '../libs/http/problem';

/** The contract, made from the code. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Latchkey')
    .setVersion('1')
    .setDescription(
      'The single source of truth for software licenses and entitlements over many brands. ' +
        'Brand systems and operators call with an API key; products call with nothing but the license key. ' +
        'A client locks only on a well-formed verdict: a time-out, 429 or 5xx decides nothing. ' +
        'Failures are `application/problem+json`; match on `code`. Every code is explained at `/problems`.',
    )
    .addServer('/')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key: `lk_…`' }, 'api_key')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The same API key as a bearer token' }, 'bearer')
    .addTag('Activations', 'For products: the license key is the credential')
    .addTag('Licenses', 'Provision, find, renew, suspend, cancel')
    .addTag('Products', 'What a brand sells')
    .addTag('Billing', 'Plans, the Stripe account of a brand, and what is bought with it')
    .addTag('Brands', 'Tenants; for operators')
    .addTag('API keys', 'Credentials of brand systems')
    .addTag('Audit', 'Who did what')
    .addTag('Health', 'For probes; on the private port where there is one')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  // Said aloud: what names no credential needs none.
  for (const path of Object.values(document.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) if (path[method]) path[method].security ??= [];
  }
  documentIdempotency(document);
  const info = { ...document.info, license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' } };
  return wholeNumbers({ ...document, info, components: { ...document.components, examples: refusalExamples() } });
}

/** Every number of this API is whole, which TypeScript cannot say; and it lists a union in an order that differs from build to build. */
const wholeNumbers = (document: OpenAPIObject): OpenAPIObject =>
  JSON.parse(JSON.stringify(document), (name, value: unknown) => {
    if (name === 'enum' && Array.isArray(value)) return (value as string[]).sort();
    if (name !== 'type') return value;
    return value === 'number'
      ? 'integer'
      : Array.isArray(value)
        ? value.map((one: unknown) => (one === 'number' ? 'integer' : one))
        : value;
  }) as OpenAPIObject;
