import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { LoggedEvent } from '../kernel/domain-event';

export type { LoggedEvent };

type Handler = (events: readonly LoggedEvent[]) => Promise<void>;

/**
 * Marks a method that is told of events, of a type, of a kind (`license.*`) or of all (`*`): those of one brand that wait, in their
 * order. It is awaited inside the unit of work that marks them as delivered, so what it writes is written exactly once; what else it
 * does may be done again.
 */
export const Subscribe = DiscoveryService.createDecorator<string>();

/** `*`, `license.*` or `license.renewed`. */
export const matches = (pattern: string, type: string): boolean =>
  pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));

@Injectable()
export class Subscribers implements OnModuleInit {
  private readonly handlers: { readonly pattern: string; readonly handle: Handler }[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    for (const { instance } of this.discovery.getProviders() as { instance: Record<string, Handler> | null }[]) {
      const prototype = instance && (Object.getPrototypeOf(instance) as object | null);
      if (!prototype) continue;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const pattern = Reflect.getMetadata(Subscribe.KEY, instance[method]!) as string | undefined;
        if (pattern !== undefined) this.add(pattern, (events) => instance[method]!(events));
      }
    }
  }

  add(pattern: string, handle: Handler): void {
    this.handlers.push({ pattern, handle });
  }

  /** Waits for every subscriber, one after the other; one that fails fails the delivery. */
  async deliver(events: readonly LoggedEvent[]): Promise<void> {
    for (const { pattern, handle } of this.handlers) {
      const meant = events.filter(({ type }) => matches(pattern, type));
      if (meant.length > 0) await handle(meant);
    }
  }
}
