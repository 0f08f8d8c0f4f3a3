import type { Readable } from 'node:stream';
import { Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { Agent, request } from 'undici';
import type { Answer } from '../domain/delivery';
import { type Message, Receiver } from '../ports/receiver';
import { WebhookTargets } from '../ports/webhook-targets';
import { wordsFor } from './connection-errors';
import { publicConnector, type Resolver } from './guarded-connector';

const patienceMs = 15_000;
/** The status has decided; for the body nobody waits long. */
const bodyPatienceMs = 2_000;
const bodyBytes = 2_048;

/** Who may be reached, and for how long one waits. The defaults are what the documentation promises. */
export abstract class ReceiverLimits {
  abstract readonly patienceMs?: number;
  abstract readonly resolver?: Resolver;
}

/** Receivers over HTTP: no redirect is followed, no connection is used twice. */
@Injectable()
export class HttpReceiver implements Receiver, OnApplicationShutdown {
  private readonly agent: Agent;
  private readonly patienceMs: number;

  constructor({ allowsPrivate }: WebhookTargets, @Optional() limits: ReceiverLimits = {}) {
    this.patienceMs = limits.patienceMs ?? patienceMs;
    // A connection that is kept may be closed by the other side in the moment of sending, which would look like a failure of theirs.
    const once = { pipelining: 0, headersTimeout: 0, bodyTimeout: 0 };
    const connect = allowsPrivate ? { timeout: this.patienceMs } : publicConnector(this.patienceMs, limits.resolver);
    this.agent = new Agent({ ...once, connect });
  }

  async send({ url, headers, body }: Message, signal: AbortSignal): Promise<Answer> {
    const began = performance.now();
    // A signal made of the process's own and of another would be remembered there for as long as the process lives.
    const over = new AbortController();
    const giveUp = () => over.abort();
    const patience = setTimeout(giveUp, this.patienceMs);
    signal.addEventListener('abort', giveUp);
    const latency = () => Math.round(performance.now() - began);
    try {
      signal.throwIfAborted();
      const options = { method: 'POST', headers, body, dispatcher: this.agent, signal: over.signal } as const;
      const { statusCode: status, headers: answered, body: stream } = await request(url, options);
      const latencyMs = latency();
      const retryAfter = answered['retry-after'];
      return { status, error: null, latencyMs, text: await beginningOf(stream), retryAfter: [retryAfter].flat()[0] ?? null };
    } catch (error) {
      if (signal.aborted) throw error;
      return { status: null, error: wordsFor(error), latencyMs: latency(), text: null, retryAfter: null };
    } finally {
      clearTimeout(patience);
      signal.removeEventListener('abort', giveUp);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}

/** What comes of the body in the time and space that it has; an endless one is cut off. */
async function beginningOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, bodyPatienceMs);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    stream.on('error', stop).on('end', stop).on('close', stop);
    stream.on('data', (part: Buffer) => {
      parts.push(part);
      bytes += part.length;
      if (bytes >= bodyBytes) stop();
    });
  });
  stream.destroy();
  return storable(Buffer.concat(parts).subarray(0, bodyBytes));
}

/** Text that PostgreSQL can keep: whole characters of UTF-8, and no NUL. */
const storable = (bytes: Buffer): string => new TextDecoder().decode(bytes, { stream: true }).replaceAll('\0', '\ufffd');
