import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asking } from '../../../libs/http/caller';
import { IdempotencyInFlight } from '../../../libs/http/refusals';
import { isAllBrands } from '../../../libs/kernel/brand-id';
import { AuditLog } from '../../../libs/persistence/audit-log';
import { Database } from '../../../libs/persistence/database';
import { runAs } from '../../../libs/persistence/provenance';

/** Writes down what an API key tried and was refused, before it is told so. */
@Injectable()
export class RefusedCalls implements OnModuleInit {
  private readonly logger = new Logger(RefusedCalls.name);

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly db: Database,
    private readonly audit: AuditLog,
  ) {}

  onModuleInit(): void {
    // A command at the console has no HTTP.
    const fastify = (this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined)?.getInstance<FastifyInstance>();
    fastify?.addHook('onSend', (request, reply, payload, done) => {
      const { asking } = request;
      if (!asking || !isRefusal(request, reply)) return done(null, payload);
      const code = codeOf(payload);
      if (isAnotherTry(reply, code)) return done(null, payload);
      void this.write(asking, request, code).then(() => done(null, payload));
    });
  }

  /** An answer is never held back because nobody could note it. */
  private async write({ credentialId, brandId: own, operation }: Asking, request: FastifyRequest, code: string): Promise<void> {
    const reach = request.caller?.reach;
    const brandId = reach === undefined || isAllBrands(reach) ? own : reach;
    const refused = { brandId, action: operation, target: targetOf(request), code };
    try {
      await runAs({ requestId: request.id, actor: credentialId, ip: request.ip }, () =>
        this.db.run(brandId, () => this.audit.refused(refused)),
      );
    } catch (error) {
      this.logger.error(`a refusal could not be written down: ${(error as Error).message}`, { request_id: request.id, ...refused });
    }
  }
}

/** Of what changes nothing, only what was forbidden: a thing that is not there is no attempt at anything. */
function isRefusal({ method }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (statusCode < 400 || statusCode >= 500 || statusCode === 401 || statusCode === 429) return false;
  return statusCode === 403 || (method !== 'GET' && method !== 'HEAD');
}

/** Of a request that is sent again under its Idempotency-Key, the first try is what was refused. */
const isAnotherTry = (reply: FastifyReply, code: string): boolean =>
  reply.hasHeader('idempotent-replayed') || code === IdempotencyInFlight.refusal.code;

function codeOf(payload: unknown): string {
  try {
    return (JSON.parse(String(payload)) as { code: string }).code;
  } catch {
    return 'unknown';
  }
}

const publicIdForm = /^[a-z]{3}_[0-9a-v]{26}$/;
/** Shorter than any license key, also without its prefix and hyphens, and than any API key. */
const longest = 24;

/** What the path names: the thing, else the brand. A text that may be a key is cut down to what says nothing. */
export function targetOf({ params }: Pick<FastifyRequest, 'params'>): string | null {
  const { brand, ...things } = params as Record<string, string>;
  const named = Object.values(things).at(-1) ?? brand;
  if (named === undefined) return null;
  return publicIdForm.test(named) || named.length <= longest ? named : `${named.slice(0, 8)}…`;
}
