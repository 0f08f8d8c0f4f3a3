import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { installation, isAllBrands } from '../kernel/brand-id';
import { DomainError } from '../kernel/domain-error';
import { Database } from '../persistence/database';
import type { Caller } from './caller';
import { fingerprintOf, idempotencyKeyOf } from './idempotency-key';
import { KeptAnswers, type KeptAnswer, type KeyScope } from './kept-answers';
import { problemOf, problemType } from './problem';
import { isKeptByProvider } from './provider-idempotency';
import { IdempotencyInFlight } from './refusals';

/** What one request is answered, and how it came to that. */
interface Outcome extends KeptAnswer {
  readonly replayed: boolean;
  /** The refusal that is told the first time, as any other is. */
  readonly refused?: DomainError;
}

/**
 * Gives a request by an API key with an Idempotency-Key its effect once, however often it is sent. Claim, effect and answer are one unit
 * of work, which the handler's own joins: a crash leaves all of it or nothing.
 */
@Injectable()
export class Idempotency implements NestInterceptor {
  constructor(
    private readonly db: Database,
    private readonly answers: KeptAnswers,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler<unknown>): Promise<Observable<unknown>> {
    const [request, reply] = context.getArgs<[FastifyRequest, FastifyReply]>();
    const key = request.caller && changes(request) ? idempotencyKeyOf(request) : null;
    if (key === null || isKeptByProvider(context.getHandler())) return next.handle();

    const caller = request.caller!;
    const scope = scopeOf(caller, request, key);
    const outcome = await this.db.run(caller.reach, () => this.once(scope, request, reply, next));
    if (outcome.refused) throw outcome.refused;
    if (outcome.replayed) void reply.header('idempotent-replayed', 'true');
    void reply.status(outcome.status).header('content-type', outcome.status >= 400 ? problemType : 'application/json; charset=utf-8');
    return of(outcome.text);
  }

  private async once(scope: KeyScope, request: FastifyRequest, reply: FastifyReply, next: CallHandler<unknown>): Promise<Outcome> {
    const hash = fingerprintOf(request);
    const isFree = await this.answers.claim(scope);
    // Asked after the claim, in a statement of its own: whoever held it before has committed by now.
    const kept = await this.answers.find(scope, hash);
    if (kept) return { ...kept, replayed: true };
    if (!isFree) {
      void reply.header('retry-after', '1');
      throw new IdempotencyInFlight();
    }
    const outcome = await this.perform(request, reply, next);
    await this.answers.keep(scope, hash, outcome);
    return outcome;
  }

  /** A refusal of the business undoes what the handler wrote and is an answer too. Any other failure ends the unit of work. */
  private async perform(request: FastifyRequest, reply: FastifyReply, next: CallHandler<unknown>): Promise<Outcome> {
    try {
      const body = await this.db.part(() => lastValueFrom(next.handle(), { defaultValue: undefined }));
      return { status: reply.statusCode, text: body === undefined ? '' : JSON.stringify(body), replayed: false };
    } catch (error) {
      if (!(error instanceof DomainError) || !['not_found', 'conflict'].includes(error.refusal.kind)) throw error;
      const problem = problemOf(error, request.id);
      return { status: problem.status, text: JSON.stringify(problem), replayed: false, refused: error };
    }
  }
}

const changes = ({ method }: FastifyRequest): boolean => method !== 'GET' && method !== 'HEAD';

const scopeOf = ({ reach, credentialId }: Caller, { method, routeOptions, url }: FastifyRequest, key: string): KeyScope => ({
  brandId: isAllBrands(reach) ? installation : reach,
  credentialId,
  method,
  route: routeOptions.url ?? url,
  key,
});
