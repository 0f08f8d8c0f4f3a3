import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { allRefusals, type DomainError, type Refusal, type RefusalKind } from '../kernel/domain-error';
import { Problem } from './problem.dto';

/** The one place where a kind of refusal becomes a status of HTTP. */
export const statusOf: Record<RefusalKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  unprocessable: 422,
  too_many: 429,
  internal: 500,
  unavailable: 503,
};

export const problemType = 'application/problem+json; charset=utf-8';

/** A refusal as RFC 9457 wants it. `instance` names the request, not its path, which may hold a license key. */
export function problemOf(error: DomainError, requestId: string): Problem {
  const { refusal, message, facts } = error;
  return { ...blank(refusal), detail: message, ...facts, instance: `urn:request:${requestId}`, request_id: requestId };
}

interface Refusing {
  readonly refusal: Refusal;
}

const refusalsKey = Symbol('refusals');

/** Says which refusals an operation may answer with; each becomes an example in the OpenAPI document. May be said several times. */
export function Refuses(...errors: Refusing[]): MethodDecorator {
  return (target, property, descriptor: PropertyDescriptor) => {
    const handler = descriptor.value as object;
    const all = new Set([...((Reflect.getMetadata(refusalsKey, handler) as Set<Refusing> | undefined) ?? []), ...errors]);
    Reflect.defineMetadata(refusalsKey, all, handler);
    ApiExtraModels(Problem)(target, property, descriptor);
    for (const [status, some] of byStatus([...all])) {
      forgetAnswer(handler, status);
      ApiResponse(describe(status, some))(target, property, descriptor);
    }
  };
}

/** Adds refusals to what an operation of the finished document may answer. */
export function addRefusals(answers: Record<string, unknown>, ...errors: Refusing[]): void {
  for (const [code, some] of byStatus(errors)) {
    const { status: _, ...added } = describe(code, some);
    const known = answers[code] as typeof added | undefined;
    answers[code] = known ? { description: `${known.description}, ${added.description}`, content: merged(known, added) } : added;
  }
}

const merged = (...answers: Pick<ReturnType<typeof describe>, 'content'>[]) => {
  const [first] = answers.map(({ content }) => content['application/problem+json']);
  const examples = Object.assign({}, ...answers.map(({ content }) => content['application/problem+json'].examples)) as object;
  return { 'application/problem+json': { ...first, examples } };
};

/** Nest would put each description of a status behind the one before. */
function forgetAnswer(handler: object, status: number): void {
  const answers = Reflect.getMetadata('swagger/apiResponse', handler) as Record<string, unknown> | undefined;
  if (answers) delete answers[status];
}

const describe = (status: number, errors: Refusing[]) => ({
  status,
  description: errors.map(({ refusal }) => `\`${refusal.code}\``).join(', '),
  content: {
    'application/problem+json': {
      schema: { $ref: getSchemaPath(Problem) },
      examples: Object.fromEntries(errors.map(({ refusal }) => [refusal.code, { $ref: `#/components/examples/${refusal.code}` }])),
    },
  },
});

function blank(refusal: Refusal) {
  return { type: `/problems/${refusal.code}`, title: refusal.title, status: statusOf[refusal.kind], code: refusal.code };
}

/** Every refusal as an example, for the components of the OpenAPI document. */
export const refusalExamples = () =>
  Object.fromEntries(allRefusals().map((refusal) => [refusal.code, { summary: refusal.title, value: exampleOf(refusal) }]));

function exampleOf(refusal: Refusal): Problem {
  const requestId = 'req_06efmaxjnf1v7gh8b4rpvks8kg';
  const errors = refusal.kind === 'invalid' ? { errors: [{ pointer: '/…', detail: '…' }] } : {};
  return { ...blank(refusal), detail: refusal.help, ...errors, instance: `urn:request:${requestId}`, request_id: requestId };
}

function byStatus(errors: Refusing[]): Map<number, Refusing[]> {
  const groups = new Map<number, Refusing[]>();
  for (const error of errors) {
    const status = statusOf[error.refusal.kind];
    groups.set(status, [...(groups.get(status) ?? []), error]);
  }
  return groups;
}
