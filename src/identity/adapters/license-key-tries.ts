import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { FailedTries } from '../../../libs/http/rate-limits/failed-tries';
import { RateLimits } from '../../../libs/http/rate-limits/limits';

/**
 * Whether a license key of a brand exists is known only once its use case has answered: "not found", in a verdict or as a refusal, is a failed
 * try. What can be no key of any brand was counted by the CallerGuard already.
 */
@Injectable()
export class LicenseKeyTries implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly tries: FailedTries,
    private readonly limits: RateLimits,
  ) {}

  onModuleInit(): void {
    if (!this.limits.isOn) return;
    // A command at the console has no HTTP.
    const fastify = (this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined)?.getInstance<FastifyInstance>();
    fastify?.addHook('onSend', (request, reply, payload, done) => {
      const { presentedKey, credentialHash = null } = request;
      if (!presentedKey) return done(null, payload);
      if (isUnknown(reply, payload)) return void this.tries.failed(request, credentialHash).then(() => done(null, payload), done);
      if (credentialHash !== null && isAbout(reply)) this.tries.succeeded(credentialHash);
      done(null, payload);
    });
  }
}

/** As the body of such a verdict begins. */
const unknownKey = '{"valid":false,"code":"not_found"';

const isUnknown = ({ statusCode }: FastifyReply, payload: unknown): boolean =>
  typeof payload === 'string' &&
  ((statusCode === 404 && payload.includes('"code":"license_not_found"')) || (statusCode === 200 && payload.startsWith(unknownKey)));

/** Whether the answer is about the key: neither about how it was asked, nor that nobody could say. */
const isAbout = ({ statusCode }: FastifyReply): boolean => statusCode < 300 || statusCode === 403 || statusCode === 409;
