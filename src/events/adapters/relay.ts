import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { secondsAfter } from '../../../libs/kernel/clock';
import type { LoggedEvent } from '../../../libs/kernel/domain-event';
import { publicId } from '../../../libs/kernel/id';
import { Background } from '../../../libs/messaging/background';
import { Database } from '../../../libs/persistence/database';
import { isConnectionLost } from '../../../libs/persistence/sql-state';
import { backoffSeconds } from '../domain/backoff';
import { EventTransport } from '../ports/event-transport';
import { PostgresEventLog } from './postgres-event-log';
import { Wakeups } from './wakeups';

/** The ways out of this installation: the in-process one, and a broker if there is one. */
export const transports = Symbol('event transports');

const atOnce = 100;
const brandsAtOnce = 4;

/** For so long one instance has a brand's log to itself while it talks to a broker; if it dies, another one goes on after that. */
const leaseSeconds = 5;
/** For so long it talks; the rest of the lease is for the mark. */
const talkMs = 4_000;
/** A broker that is away is looked for at least so often: in seconds. */
const longestWait = 3;

/** Numbers what was committed, and brings it in that order to every outlet, each at its own pace: one that fails holds up no other. */
@Injectable()
export class Relay implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(Relay.name);

  constructor(
    private readonly db: Database,
    private readonly log: PostgresEventLog,
    @Inject(transports) private readonly outlets: readonly EventTransport[],
    private readonly background: Background,
    private readonly signals: EventBus,
    private readonly wakeups: Wakeups,
  ) {}

  onModuleInit(): void {
    const followers: { wake(): void }[] = [];
    const numbering = this.background.add('event log', 1_000, async () => {
      const more = await this.eachBrand(this.log.unnumbered(), (brand) => this.log.number(brand));
      followers.forEach((follower) => follower.wake());
      return more;
    });
    for (const outlet of this.outlets) {
      const follow = () => this.eachBrand(this.log.behind(outlet.name), (brand) => this.follow(brand, outlet));
      followers.push(this.background.add(`events to ${outlet.name}`, 1_000, follow));
    }
    this.background.add('event listener', 1_000, () => this.wakeups.listen(() => numbering.wake()));
    this.signals.subscribe(() => {
      numbering.wake();
      this.wakeups.call();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.wakeups.close(), ...this.outlets.map((outlet) => outlet.close())]);
  }

  /** A few brands at a time, so that one with much to do holds up the others little, and one that fails none. Answers whether any has more. */
  private async eachBrand(waiting: Promise<BrandId[]>, work: (brand: BrandId) => Promise<boolean>): Promise<boolean> {
    const brands = await waiting;
    let more = false;
    const failures: unknown[] = [];
    const next = async (): Promise<void> => {
      for (let brand = brands.shift(); brand !== undefined; brand = brands.shift()) {
        more = (await work(brand).catch((failure: unknown) => (failures.push(failure), false))) || more;
      }
    };
    await Promise.all(Array.from({ length: brandsAtOnce }, next));
    if (failures.length > 0) throw failures[0];
    return more;
  }

  private follow(brandId: BrandId, outlet: EventTransport): Promise<boolean> {
    return outlet.joinsUnitOfWork ? this.deliverTogether(brandId, outlet) : this.deliverOutside(brandId, outlet);
  }

  /**
   * What subscribers write and the mark are one unit of work. They are told of all that waits; where that fails, of one event after the
   * other: one that fails undoes nothing of those before it.
   */
  private deliverTogether(brandId: BrandId, outlet: EventTransport): Promise<boolean> {
    return this.db.run(brandId, async () => {
      const cursor = await this.log.hold(brandId, outlet.name);
      if (!cursor) return false;
      const events = await this.log.after(brandId, cursor.sequence, atOnce);
      if (events.length === 0) return false;
      let done = cursor.sequence;
      const all = await this.db.part(() => outlet.deliver(...events)).then(nothing, (error: Error) => error);
      if (all && isConnectionLost(all)) throw all;
      if (!all) done = events.at(-1)!.sequence;
      for (const event of all ? events : []) {
        const failure = await this.db.part(() => outlet.deliver(event)).then(nothing, (error: Error) => error);
        if (failure && isConnectionLost(failure)) throw failure;
        // Only the first one can be what failed before.
        if (failure) return this.failed(event, outlet, { done, failures: done === cursor.sequence ? cursor.attempts + 1 : 1 }, failure);
        done = event.sequence;
      }
      if (done > cursor.sequence) await this.log.move(brandId, outlet.name, done);
      return events.length === atOnce;
    });
  }

  /** Talking to a broker may take long, so no unit of work is open meanwhile: the log is leased, and marked afterwards. */
  private async deliverOutside(brandId: BrandId, outlet: EventTransport): Promise<boolean> {
    const leased = await this.db.run(brandId, async () => {
      const cursor = await this.log.hold(brandId, outlet.name);
      if (!cursor) return null;
      const until = secondsAfter(this.db.now(), leaseSeconds);
      await this.log.wait(brandId, outlet.name, until, cursor.attempts, null);
      return { ...cursor, until, events: await this.log.after(brandId, cursor.sequence, atOnce) };
    });
    if (!leased) return false;
    const { done, failure } = await this.talk(outlet, leased);
    await this.db.run(brandId, async () => {
      if (!(await this.log.move(brandId, outlet.name, done, leased.until)) || !failure) return;
      const failures = done > leased.sequence ? 1 : leased.attempts + 1;
      const again = secondsAfter(this.db.now(), Math.min(longestWait, backoffSeconds(failures)));
      await this.log.wait(brandId, outlet.name, again, failures, failure.message);
      if (failures === 1) this.logger.warn(`events wait for ${outlet.name}: ${failure.message}`);
    });
    return !failure && (leased.events.length === atOnce || done < (leased.events.at(-1)?.sequence ?? 0));
  }

  /** One after the other, as far as it goes within the lease. */
  private async talk(outlet: EventTransport, { sequence, events }: { sequence: number; events: readonly LoggedEvent[] }) {
    const begun = performance.now();
    let done = sequence;
    for (const event of events) {
      const left = talkMs - (performance.now() - begun);
      if (left <= 0) break;
      const failure = await within(left, outlet.deliver(event)).then(nothing, (error: Error) => error);
      if (failure) return { done, failure };
      done = event.sequence;
    }
    return { done, failure: null };
  }

  /** Marks those before it, and tries again later; or sets it aside, so that those behind it go on. */
  private async failed(
    event: LoggedEvent,
    outlet: EventTransport,
    { done, failures }: { done: number; failures: number },
    { message, stack }: Error,
  ) {
    const { brandId, id, type, sequence } = event;
    const givenUp = outlet.setsAsideAfter !== null && failures >= outlet.setsAsideAfter;
    this.logger.error(`event ${publicId('event', id)} (${type}) ${givenUp ? 'is set aside' : 'will be tried again'}: ${stack ?? message}`);
    await this.log.move(brandId, outlet.name, givenUp ? sequence : done);
    if (givenUp) await this.log.setAside(event, outlet.name, failures, message);
    else await this.log.wait(brandId, outlet.name, secondsAfter(this.db.now(), backoffSeconds(failures)), failures, message);
    return givenUp;
  }
}

const nothing = (): null => null;

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('no answer in time')), ms)));
  return Promise.race([work, tooLate]).finally(() => clearTimeout(timer));
}
