import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { BrandDirectory } from '../../brands';
import { defaultLook, type MailLook } from '../domain/mail-settings';
import { MailLooks } from '../ports/mail-looks';
import { type Claimed, Mails } from '../ports/mails';

/** A mail to send, and for whom. */
export interface Due {
  readonly mail: Claimed;
  readonly brand: { readonly name: string; readonly slug: string };
  readonly look: MailLook;
}

/** Takes on mails that are due, over all brands; whoever dies over one has it only for the time of the lease. */
export class ClaimMails extends Command<Due[]> {
  constructor(
    readonly reach: AllBrands,
    readonly atMost: number,
  ) {
    super();
  }
}

@CommandHandler(ClaimMails)
export class ClaimMailsHandler implements ICommandHandler<ClaimMails> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly mails: Mails,
    private readonly looks: MailLooks,
    private readonly brands: BrandDirectory,
    private readonly clock: Clock,
  ) {}

  async execute({ reach, atMost }: ClaimMails): Promise<Due[]> {
    const claimed = await this.work.run(reach, () => this.mails.claim(reach, atMost, this.clock.now()));
    const senders = new Map<BrandId, Omit<Due, 'mail'>>();
    for (const { brandId } of claimed) if (!senders.has(brandId)) senders.set(brandId, await this.senderOf(brandId));
    return claimed.map((mail) => ({ mail, ...senders.get(mail.brandId)! }));
  }

  private senderOf(brandId: BrandId): Promise<Omit<Due, 'mail'>> {
    return this.work.run(brandId, async () => {
      const brand = await this.brands.get(brandId);
      return { brand, look: (await this.looks.find(brandId)) ?? defaultLook };
    });
  }
}
