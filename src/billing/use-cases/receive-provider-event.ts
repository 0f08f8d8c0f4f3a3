import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { Inbox, type InboxStatus } from '../ports/inbox';
import { Payments, type ReceivedEvent } from '../ports/payments';
import { OpenAccounts } from './open-accounts';

/** Takes in what the payment provider sent, if it is genuine: once, however often it is sent. It is processed later. */
export class ReceiveProviderEvent extends Command<{ readonly isNew: boolean }> {
  constructor(
    readonly brandId: BrandId,
    readonly body: Buffer,
    readonly signature: string | undefined,
  ) {
    super();
  }
}

@CommandHandler(ReceiveProviderEvent)
export class ReceiveProviderEventHandler implements ICommandHandler<ReceiveProviderEvent> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly accounts: OpenAccounts,
    private readonly payments: Payments,
    private readonly inbox: Inbox,
    private readonly clock: Clock,
  ) {}

  execute({ brandId, body, signature }: ReceiveProviderEvent): Promise<{ isNew: boolean }> {
    return this.work.run(brandId, async () => {
      const event = this.payments.receive(await this.accounts.access(brandId), body, signature);
      const [at, status] = [this.clock.now(), statusOf(event)];
      const isNew = await this.inbox.add({
        ...{ brandId, id: event.id, type: event.type, subject: event.subject, body, status },
        ...{ error: event.unreadable, attempts: 0, nextAttemptAt: status === 'waiting' ? at : null },
        ...{ createdAt: event.createdAt, receivedAt: at, processedAt: status === 'waiting' ? null : at },
      });
      return { isNew };
    });
  }
}

function statusOf({ unreadable, subject }: ReceivedEvent): InboxStatus {
  if (unreadable !== null) return 'set_aside';
  return subject === null ? 'ignored' : 'waiting';
}
