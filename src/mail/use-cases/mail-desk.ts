import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { newId } from '../../../libs/kernel/id';
import { Mail, type MailAsked } from '../domain/mail';
import { KeySafe } from '../ports/key-safe';
import { Mails } from '../ports/mails';

/** What other modules may ask about mails: the door of this one. All of it joins the caller's unit of work. */
@Injectable()
export class MailDesk {
  constructor(
    private readonly mails: Mails,
    private readonly safe: KeySafe,
    private readonly clock: Clock,
  ) {}

  /** Answers false, and sends nothing, when a mail for this reason is there already. */
  post(brandId: BrandId, asked: MailAsked): Promise<boolean> {
    const id = newId();
    const sealed = asked.licenseKey ? this.safe.seal(id, asked.licenseKey.text) : null;
    return this.mails.add(Mail.ask(brandId, id, asked, sealed, this.clock.now()));
  }

  /** Whether a mail with this license key still waits: sends it at once if so. Until the unit of work ends, nobody else asks that. */
  async hurry(brandId: BrandId, licenseKeyId: string): Promise<boolean> {
    const waiting = (await this.mails.holdWithKey(brandId, licenseKeyId)).filter(({ state }) => state.status === 'waiting');
    for (const mail of waiting) {
      mail.retry(this.clock.now());
      await this.mails.save(mail);
    }
    return waiting.length > 0;
  }
}
