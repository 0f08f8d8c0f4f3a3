import { Injectable } from '@nestjs/common';
import { normalizeIp } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerCount, minuteMs, type PolicyBucket, RateLimits } from './limits';
import { Recent } from './recent';
import { RateLimitStorage } from './storage';

/**
 * Stops who guesses credentials. Only failures count, by address (of IPv6 the /64, which one household has to itself). From an address over the
 * limit nothing is looked up any more, except credentials that were good before: many share an address, and who has a key that
 * works must not pay for a neighbour who guesses. A good key that this process has not seen yet waits until the guessing ends; what is refused here is
 * a 429, on which nobody locks. Which credentials were good is remembered as hashes, and lets nobody in: they are checked as ever.
 *
 * An address is stopped by the instance that counted its failure, so several instances let one more through each, and no request
 * asks Redis before it is known to have failed.
 */
@Injectable()
export class FailedTries {
  /** Until when (performance.now) an address is stopped. */
  private readonly stopped = new Recent<{ until: number; freeAt: number }>(20_000);
  private readonly good = new Recent<true>(50_000);

  constructor(
    private readonly storage: RateLimitStorage,
    private readonly limits: RateLimits,
  ) {}

  get isOn(): boolean {
    return this.limits.isOn;
  }

  /** @param credential a hash of what is presented, null when it cannot be a credential @throws RateLimited */
  refuse({ ip }: FastifyRequest, reply: FastifyReply, credential: string | null): void {
    const stop = this.stopped.isEmpty ? undefined : this.stopped.get(normalizeIp(ip));
    if (stop === undefined) return;
    const now = performance.now();
    if (now >= stop.freeAt || (credential !== null && this.good.get(credential))) return;
    const moreInMs = stop.until - now;
    if (moreInMs <= 0) {
      // One try goes through; those beside it wait for what becomes of it, or they would all be looked up before it has failed.
      stop.until = now + minuteMs / this.limits.perMinute.failed_tries;
      return;
    }
    answerCount(reply, [this.bucketOf(ip)], { allowed: false, standings: [{ remaining: 0, moreInMs }] });
  }

  /** Counted before the failure is answered, so that after the last one that is allowed the next try is stopped. */
  async failed({ ip }: FastifyRequest, credential: string | null): Promise<void> {
    if (!this.limits.isOn) return;
    if (credential !== null) this.good.delete(credential);
    const { standings } = await this.storage.take([this.bucketOf(ip)]);
    const { remaining, moreInMs } = standings[0]!;
    if (remaining > 0) return;
    const now = performance.now();
    this.stopped.set(normalizeIp(ip), { until: now + moreInMs, freeAt: now + minuteMs });
  }

  succeeded(credential: string): void {
    if (this.limits.isOn && !this.good.get(credential)) this.good.set(credential, true);
  }

  private bucketOf(ip: string): PolicyBucket {
    const policy = 'failed_tries';
    return { policy, key: `${policy}:${normalizeIp(ip)}`, limit: this.limits.perMinute[policy], windowMs: minuteMs };
  }
}
