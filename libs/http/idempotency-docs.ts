import type { OpenAPIObject } from '@nestjs/swagger';
import { idempotencyHeader } from './idempotency-key';
import { addRefusals } from './problem';
import { IdempotencyInFlight, IdempotencyKeyReused } from './refusals';

const header = {
  name: idempotencyHeader,
  in: 'header',
  required: false,
  description:
    'Makes it safe to send this again: a text of your own, 1 to 255 printable ASCII characters (quotes around them do not count), new for each request. With the same key ' +
    'the same request has its effect once and is answered the same, for at least 24 hours; a repetition carries `Idempotent-Replayed: true`.',
  schema: { type: 'string', minLength: 1, maxLength: 257, example: '4f1c1d0a-6f0e-4d54-9b0a-2d3a5f0c9e11' },
} as const;

/** Every operation that changes something for an API key takes the header, so the finished document says it of all of them. */
export function documentIdempotency({ paths }: OpenAPIObject): void {
  for (const path of Object.values(paths)) {
    for (const operation of [path.post, path.put, path.patch, path.delete]) {
      if (!operation?.security?.some((one) => 'api_key' in one)) continue;
      operation.parameters = [...(operation.parameters ?? []), header];
      addRefusals(operation.responses, IdempotencyInFlight, IdempotencyKeyReused);
    }
  }
}
