import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { faultOfTarget, isPublic, literalIn } from './target-address';

/** Answers every address of a name. */
export type Resolver = (
  name: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export class AddressNotAllowed extends Error {
  constructor() {
    super('address not allowed');
  }
}

/**
 * Opens connections to the public internet only. A resolver that is looked at alone would not do: it is never asked about an address
 * that stands in the URL, and it may answer otherwise the next time. So the literal, every resolved address and the peer are looked at.
 */
export const publicConnector = (timeout: number, resolver: Resolver = resolve): buildConnector.connector =>
  guarded(buildConnector({ timeout, lookup: guardedLookup(resolver) }));

/** The literal before, and the peer after: whatever resolved the name in between. */
export const guarded =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, done) => {
    const { protocol, hostname, port } = options;
    const literal = literalIn(hostname);
    const host = literal?.includes(':') ? `[${literal}]` : hostname;
    if (faultOfTarget(`${protocol}//${host}${port && `:${port}`}/`, false) !== null) return done(new AddressNotAllowed(), null);
    connect(options, (...[error, socket]) => {
      if (error) return done(error, null);
      if (isPublic(socket.remoteAddress ?? '')) return done(null, socket);
      socket.destroy();
      done(new AddressNotAllowed(), null);
    });
  };

const guardedLookup =
  (resolver: Resolver): LookupFunction =>
  (name, options, done) =>
    resolver(name, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      // One private address among public ones is no slip: it is how the guard would be got round.
      if (addresses.length === 0 || !addresses.every(({ address }) => isPublic(address))) return done(new AddressNotAllowed(), []);
      if (options.all) return done(null, addresses);
      done(null, addresses[0]!.address, addresses[0]!.family);
    });
