import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FakeAccount } from '../account';
import type { Call, Route } from './call';
import { checkoutRoutes } from './checkout-routes';
import { customerRoutes } from './customer-routes';
import { ApiError } from '../objects/api-error';
import { paymentRoutes } from './payment-routes';
import { subscriptionRoutes } from './subscription-routes';
import { expanded } from './expand';
import { type Answer, KeptAnswers } from './idempotency';
import { newId } from '../objects/ids';
import { toOldShape } from '../objects/old-shape';
import { Params, parseForm } from './params';

/** What goes wrong with the API from now on; `lost` does the work and loses the answer. */
export type Fault = null | 'refuse' | 'hang' | 'lost' | 'error500' | 'error429' | 'malformed';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey: string | null;
  readonly account: string;
}

/** What the API needs of the fake around it. */
export interface Surroundings {
  readonly fault: Fault;
  readonly requests: Asked[];
  readonly now: Date;
  account(secretKey: string): FakeAccount;
}

const routes: Route[] = [...checkoutRoutes, ...subscriptionRoutes, ...customerRoutes, ...paymentRoutes];

/** The first version whose objects have the new shape. */
const newShapeSince = '2025-03-31';

export function serveApi(server: FastifyInstance, around: Surroundings): void {
  const kept = new WeakMap<FakeAccount, KeptAnswers>();
  for (const [method, path, answer] of routes) {
    server.route({
      method,
      url: `/v1${path}`,
      handler: (request, reply) => respond(around, kept, answer, request, reply),
    });
  }
  server.all('/v1/*', (request, reply) => respond(around, kept, unknownAddress(request), request, reply));
}

const unknownAddress = (request: FastifyRequest) => (): never => {
  throw new ApiError(404, `Unrecognized request URL (${request.method}: ${request.url.split('?')[0]}).`);
};

async function respond(
  around: Surroundings,
  kept: WeakMap<FakeAccount, KeptAnswers>,
  answer: Route[2],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { fault } = around;
  if (fault === 'refuse') return drop(request, reply);
  const requestId = newId('req', 14);
  const secretKey = keyOf(request);
  note(around, request, secretKey ?? '');
  if (fault === 'hang') return reply.hijack();
  void reply.header('request-id', requestId).header('date', around.now.toUTCString()).header('stripe-version', versionOf(request));
  if (fault === 'malformed') return reply.type('application/json').send('<html><body>Bad gateway</body>');
  if (fault === 'error500') return problem(reply, new ApiError(500, 'An unknown error occurred', { type: 'api_error' }));
  if (fault === 'error429') return problem(reply, new ApiError(429, 'Request rate limit exceeded.', { code: 'rate_limit' }));
  try {
    if (secretKey === null) throw unauthorized(request);
    const given = carriedOut(around.account(secretKey), kept, answer, request, requestId);
    if (fault === 'lost') return drop(request, reply);
    if (given.replayed) void reply.header('idempotent-replayed', 'true');
    return reply.status(given.status).send(given.body);
  } catch (error) {
    if (error instanceof ApiError) return problem(reply, error);
    throw error;
  }
}

const problem = (reply: FastifyReply, { status, body }: ApiError): FastifyReply => reply.status(status).send(body);

function drop(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.raw.socket.destroy();
  return reply.hijack();
}

function keyOf({ headers }: FastifyRequest): string | null {
  const bearer = /^Bearer ((?:sk|rk)_test_\S+)$/.exec(headers.authorization ?? '');
  return bearer?.[1] ?? null;
}

const unauthorized = ({ headers }: FastifyRequest): ApiError =>
  new ApiError(401, headers.authorization ? 'Invalid API Key provided' : 'You did not provide an API key.');

const versionOf = ({ headers }: FastifyRequest): string => String(headers['stripe-version'] ?? '2026-10-28.endive');

const idempotencyKeyOf = ({ headers, method }: FastifyRequest): string | null =>
  method === 'POST' ? (headers['idempotency-key']?.toString() ?? null) : null;

function note({ requests }: Surroundings, request: FastifyRequest, account: string): void {
  const path = request.url.split('?')[0]!;
  requests.push({ method: request.method, path, idempotencyKey: idempotencyKeyOf(request), account });
}

function carriedOut(
  account: FakeAccount,
  kept: WeakMap<FakeAccount, KeptAnswers>,
  answer: Route[2],
  request: FastifyRequest,
  requestId: string,
): Answer & { replayed: boolean } {
  const key = idempotencyKeyOf(request);
  const body = typeof request.body === 'string' ? request.body : '';
  const path = request.url.split('?')[0]!;
  const answers = kept.get(account) ?? new KeptAnswers();
  kept.set(account, answers);
  const known = key === null ? null : answers.recall(key, path, body);
  if (known) return { ...known, replayed: true };

  const fresh = { status: 200, body: answered(account, answer, request, { id: requestId, idempotency_key: key }) };
  if (key !== null) answers.keep(key, path, body, fresh);
  return { ...fresh, replayed: false };
}

function answered(
  { ledger }: FakeAccount,
  answer: Route[2],
  request: FastifyRequest,
  named: { id: string; idempotency_key: string | null },
): object {
  const query = request.url.split('?')[1] ?? '';
  const params = new Params(parseForm(typeof request.body === 'string' && request.method !== 'GET' ? request.body : query));
  const { id = '' } = request.params as { id?: string };
  const call: Call = { ledger, id, params };
  if (request.method !== 'GET') ledger.time.tick();
  ledger.request = named;
  try {
    const given = expanded(ledger, answer(call), params.texts('expand'));
    return versionOf(request) < newShapeSince ? inOldShape(given, call) : given;
  } finally {
    ledger.request = null;
  }
}

function inOldShape(given: object, { ledger }: Call): object {
  const { object, data } = given as { object: string; data?: { object: string }[] };
  if (object === 'list' && data) return { ...given, data: data.map((each) => toOldShape(each, ledger)) };
  return toOldShape({ ...given, object }, ledger);
}
