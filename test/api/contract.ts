import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { findRefusal } from '../../libs/kernel/domain-error';
import type { Answer } from '../../libs/testing/service';

interface DocumentedAnswer {
  readonly content?: Record<string, { schema: object; examples?: Record<string, unknown> }>;
}

export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters?: { name: string; in: string }[];
  readonly requestBody?: { content: Record<string, { schema: { $ref: string } }> };
  readonly responses: Record<string, DocumentedAnswer>;
}

/** The OpenAPI document, with every object closed: what an answer holds beyond it is a mistake. Only problems may hold more. */
const document = JSON.parse(readFileSync('openapi/openapi.json', 'utf8'), (_, value: unknown) => closed(value));
document.components.schemas.Problem.additionalProperties = true;

function closed(value: unknown): unknown {
  const isOpen =
    typeof value === 'object' && value !== null && 'properties' in value && 'type' in value && !('additionalProperties' in value);
  return isOpen ? { ...value, additionalProperties: false } : value;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: 'openapi', components: document.components });

const compiled = new Map<string, ValidateFunction>();
function validatorOf(schema: object): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/', '"openapi#/');
  const known = compiled.get(text) ?? ajv.compile(JSON.parse(text));
  compiled.set(text, known);
  return known;
}

export const documented = new Map<string, Operation>(
  Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [operation.operationId, { ...operation, method: method.toUpperCase(), path }]),
  ),
);

/** What the document says of the body of an operation. */
export const bodySchemaOf = ({ requestBody }: Operation): { properties: Record<string, object>; required?: string[] } | null => {
  const ref = requestBody?.content['application/json']?.schema.$ref;
  return ref === undefined ? null : document.components.schemas[ref.split('/').at(-1)!];
};

/** The example of every refusal. */
export const examples: Record<string, { value: object }> = document.components.examples;

const utc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** That the body is what the document says of this status: no member missing, none beyond, every time in UTC. */
export function expectDocumented({ responses, operationId }: Operation, { status, headers, body, text }: Answer): void {
  const answer = responses[status];
  if (!answer) throw new Error(`${operationId} answered ${status}, which its documentation does not know: ${JSON.stringify(body)}`);
  const { schema, examples } = answer.content![headers.get('content-type')!.split(';')[0]!]!;
  const validate = validatorOf(schema);
  validate(body ?? text);
  expect(validate.errors ?? []).toEqual([]);
  if (status >= 400 && examples) expect(Object.keys(examples)).toContain(body.code);
  expect(timesIn(body).filter((time) => !utc.test(time))).toEqual([]);
}

const timesIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, item]) =>
        typeof item === 'string' && /_(at|until|after)$/.test(name) ? [item] : name === 'metadata' ? [] : timesIn(item),
      );

/** That the answer is a problem document with a code of the registry, and the same request id everywhere. */
export function expectProblem(answer: Answer, status?: number, code?: string, pointer?: string): void {
  const { headers, body } = answer;
  const said = `${answer.status} ${answer.text.slice(0, 300)}`;
  if (status !== undefined && answer.status !== status) throw new Error(`expected ${status} ${code}, but: ${said}`);
  if (headers.get('content-type') !== 'application/problem+json; charset=utf-8') throw new Error(`no problem document: ${said}`);
  const validate = validatorOf({ $ref: '#/components/schemas/Problem' });
  validate(body);
  expect(validate.errors ?? []).toEqual([]);
  expect(findRefusal(body.code)).toMatchObject({ title: body.title });
  const id = headers.get('x-request-id');
  expect(body).toMatchObject({ type: `/problems/${body.code}`, status: answer.status, request_id: id, instance: `urn:request:${id}` });
  if (code !== undefined) expect(body.code).toBe(code);
  if (pointer !== undefined) expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([pointer]);
}
