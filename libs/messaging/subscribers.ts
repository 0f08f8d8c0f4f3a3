import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { LoggedEvent } from '../kernel/domain-event';

export type { LoggedEvent };

type Handler = (event: LoggedEvent) => Promise<void>;

/**
 * Marks a method that is told of events: of a type, of a kind (`license.*`) or of all (`*`). It is awaited inside the unit of work that
 * marks the event as delivered, so what it writes is written exactly once; what else it does may be done again.
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
        if (pattern !== undefined) this.add(pattern, (event) => instance[method]!(event));
      }
    }
  }

  add(pattern: string, handle: Handler): void {
    this.handlers.push({ pattern, handle });
  }

  /** Waits for every subscriber, one after the other; one that fails fails the delivery. */
  async deliver(event: LoggedEvent): Promise<void> {
    for (const { pattern, handle } of this.handlers) if (matches(pattern, event.type)) await handle(event);
  }
}
