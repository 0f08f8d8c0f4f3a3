import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../kernel/domain-error';
import { isUnavailable, sqlState } from '../persistence/sql-state';
import { problemOf, problemType } from './problem';
import { BadRequest, BodyTooLarge, InternalError, RouteNotFound, Unavailable, UnstorableValue, UnsupportedMediaType } from './refusals';

/** The one place where a failure becomes HTTP. Nothing internal is shown; what nobody foresaw is logged and said to be our mistake. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.send(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  send(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (reply.sent) return;
    const refused = this.refusalBehind(error);
    if (refused instanceof InternalError) this.logger.error(describe(error), { request_id: request.id });
    if (refused.refusal.kind === 'unavailable') {
      this.logger.warn(describe(error), { request_id: request.id, ...whyOf(error) });
      void reply.header('retry-after', '1');
    }
    if (refused.refusal.kind === 'unauthenticated') void reply.header('www-authenticate', 'Bearer realm="latchkey"');
    const problem = problemOf(refused, request.id);
    void reply.status(problem.status).header('content-type', problemType).send(JSON.stringify(problem));
  }

  private refusalBehind(error: unknown): DomainError {
    if (error instanceof DomainError) return error;
    const status = error instanceof HttpException ? error.getStatus() : statusCodeOf(error);
    if (status === 413) return new BodyTooLarge();
    if (status === 415) return new UnsupportedMediaType();
    if (status === 404) return new RouteNotFound();
    // Before the question for the database: a caller who hangs up looks like a lost connection too.
    if (status >= 400 && status < 500) return new BadRequest('The request could not be read.');
    if (status === 503 || isUnavailable(error)) return new Unavailable();
    // 22*: a value that the edge should have refused. The caller's mistake all the same, and a gap to close.
    if (sqlState(error)?.startsWith('22')) {
      this.logger.warn(`a value reached the database that the edge should have refused: ${sqlState(error)}`);
      return new UnstorableValue();
    }
    return new InternalError();
  }
}

const statusCodeOf = (error: unknown): number => {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' ? status : 500;
};

/** What a refusal says to the log alone. */
const whyOf = (error: unknown): { why?: string } =>
  error instanceof DomainError && 'why' in error && typeof error.why === 'string' ? { why: error.why } : {};

/** For the log: the stack of the error, never the query or its parameters, which may hold what nobody should read. */
const describe = (error: unknown): string =>
  error instanceof Error ? `${error.stack ?? error.message}` : 'something that is no error was thrown';
