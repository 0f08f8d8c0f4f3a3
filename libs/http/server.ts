import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { isAllBrands } from '../kernel/brand-id';
import { newId, publicId } from '../kernel/id';
import { runAs } from '../persistence/provenance';
import type { Metrics } from '../telemetry/metrics';
import type { RequestTrace, Tracing } from '../telemetry/tracing';
import { isReadByPages } from './for-pages';
import { problemOf, problemType } from './problem';
import { BadRequest } from './refusals';
import { parseStrictJson, refuseAddress } from './strict-json';

const maxBody = 256 * 1024;

/** Fastify with limits on everything that a slow, huge or broken client could make us wait for. */
export function httpAdapter({ trustProxy = false }: { trustProxy?: boolean | string } = {}): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: maxBody,
    trustProxy,
    genReqId,
    requestIdHeader: false,
    http: {
      headersTimeout: 4_000,
      requestTimeout: 6_000,
      connectionsCheckingInterval: 500,
      maxHeaderSize: 16_384,
      requireHostHeader: false,
    },
    requestTimeout: 6_000,
    keepAliveTimeout: 65_000,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 300 },
    clientErrorHandler: (error, socket) => answerBrokenHttp(error, socket),
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) => answerBadRequest(request, reply),
  });
}

export interface RequestLog {
  info(fields: object, message: string): void;
}

/** Who is told of every request. */
export interface Watching {
  readonly log: RequestLog;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

declare module 'fastify' {
  interface FastifyRequest {
    trace?: RequestTrace;
  }
}

/** What happens to every request before and after its handler. Called before the application is initialised. */
export function prepareHttp(app: NestFastifyApplication, { log, metrics, tracing }: Watching): FastifyInstance {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const { rawBody } = request.routeOptions.config as { rawBody?: boolean };
      done(null, rawBody ? body : parseStrictJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    request.trace = tracing.begin(request.method, request.headers);
    void reply.header('x-request-id', request.id).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    if (isReadByPages(request)) void reply.header('access-control-allow-origin', '*');
    done();
  });
  // Node would answer both of these itself, without a problem document.
  fastify.addHook('onRequest', ({ raw }, _reply, done) => done(faultOf(() => refuseWithoutHost(raw))));
  fastify.server.on('checkExpectation', (request, response) => fastify.routing(request, response));
  fastify.addHook('preValidation', ({ params, query }, _reply, done) => done(faultOf(() => refuseAddress(params, query))));
  // Last before the handler: reading the body loses the asynchronous context that was entered earlier.
  fastify.addHook('preHandler', (request, _reply, done) => {
    const trace = request.trace!;
    const provenance = { requestId: request.id, actor: null, ip: request.ip, traceparent: trace.traceparent };
    trace.run(() => runAs(provenance, done));
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { url } = request.routeOptions;
    metrics.request(url, request.method, reply.statusCode, reply.elapsedTime);
    request.trace?.end(url, reply.statusCode);
    logRequest(log, url ?? null, request, reply);
    done();
  });
  return fastify;
}

/** A second listener on the same application, for probes and metrics that the outside should not reach. */
export function listenPrivately(fastify: FastifyInstance, port: number, host: string): Promise<Server> {
  const server = createServer((request, response) => {
    privateRequests.add(request);
    fastify.routing(request, response);
  });
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, host, () => resolve(server)));
}

/** Whether there is a private port: where there is none, its routes are answered on the public one. */
export abstract class PrivatePort {
  abstract readonly isSet: boolean;
  /** Whether what strangers should not read is told nowhere else, even where there is none. */
  abstract readonly isNeeded: boolean;
}

const privateRequests = new WeakSet<object>();
export const cameToPrivatePort = (request: FastifyRequest): boolean => privateRequests.has(request.raw);

/** A caller's own request id is taken if it is harmless in a header and a log; else one is made. */
function genReqId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const own = request.headers['x-request-id'];
  return typeof own === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(own) ? own : publicId('request', newId());
}

/** What a check throws, as a hook hands it on. */
function faultOf(check: () => void): Error | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function refuseWithoutHost({ httpVersion, rawHeaders }: IncomingMessage): void {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) throw new BadRequest('A request has one Host header.');
}

/** One line a request. The route's template, never the path: a path may hold a license key. */
function logRequest(log: RequestLog, route: string | null, request: FastifyRequest, reply: FastifyReply): void {
  const fields = {
    request_id: request.id,
    trace_id: request.trace?.traceId ?? null,
    method: request.method,
    route,
    status: reply.statusCode,
    duration_ms: Math.round(reply.elapsedTime * 100) / 100,
    brand: brandOf(request),
    credential: request.caller?.credentialId ?? null,
  };
  log.info(fields, 'request');
}

/** null where no brand was named: nobody was let in, or an operator acts over all of them. */
function brandOf({ caller, presentedKey }: FastifyRequest): string | null {
  const brand = caller?.reach ?? presentedKey?.brandId;
  return brand === undefined || isAllBrands(brand) ? null : publicId('brand', brand);
}

function answerBadRequest(request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(new BadRequest('The path is not valid percent-encoding, or is too long.'), request.id);
  void reply.status(400).header('x-request-id', request.id).header('content-type', problemType).send(JSON.stringify(problem));
}

/** Answers what is no HTTP, or came too slowly, before any request exists. */
function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const id = publicId('request', newId());
  const body = JSON.stringify({ ...problemOf(new BadRequest(STATUS_CODES[status] ?? 'Bad Request'), id), status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
