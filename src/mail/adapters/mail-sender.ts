import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { publicId } from '../../../libs/kernel/id';
import { Background } from '../../../libs/messaging/background';
import { isUnavailable } from '../../../libs/persistence/sql-state';
import { allBrands } from '../../identity';
import { draftOf } from '../domain/letter';
import type { Outcome } from '../domain/mail';
import { isAddress } from '../domain/text';
import { KeySafe } from '../ports/key-safe';
import { MailPages } from '../ports/mail-pages';
import { MailRoute } from '../ports/mail-route';
import { Mailer } from '../ports/mailer';
import { ClaimMails, type Due } from '../use-cases/claim-mails';
import { SettleMail } from '../use-cases/settle-mail';
import { MailBell } from './mail-bell';

/** How many attempts this process has under way. */
const atOnce = 10;
const lookEveryMs = 1_000;
/** Well within the lease. */
const patienceMs = 60_000;
/** For so long what is under way may finish when the service stops. */
const partingMs = 5_000;
const settlingTries = 8;
const tooLong: Outcome = { kind: 'deferred', error: 'it took longer than a minute' };

/** Claims mails that are due and sends them; the loop goes on meanwhile. No unit of work is open while it sends. */
@Injectable()
export class MailSender implements OnModuleDestroy {
  private readonly logger = new Logger(MailSender.name);
  private readonly underWay = new Map<Promise<void>, AbortController>();
  private stopping = false;
  private readonly loop: { wake(): void };

  constructor(
    background: Background,
    bell: MailBell,
    private readonly commands: CommandBus,
    private readonly safe: KeySafe,
    private readonly pages: MailPages,
    private readonly route: MailRoute,
    private readonly mailer: Mailer,
  ) {
    this.loop = background.add(
      'mail',
      lookEveryMs,
      () => this.claim(),
      () => this.finish(),
    );
    bell.answer(() => this.loop.wake());
  }

  private async claim(): Promise<boolean> {
    const free = atOnce - this.underWay.size;
    if (!this.mailer.isThere || free <= 0) return false;
    const claimed = await this.commands.execute(new ClaimMails(allBrands, free));
    for (const due of claimed) this.begin(due);
    return claimed.length > 0;
  }

  private begin(due: Due): void {
    const over = new AbortController();
    const patience = setTimeout(() => over.abort(), patienceMs);
    const sent = this.deliver(due, over.signal)
      .catch((error: Error) => {
        // Nothing was written down: it is done again when the lease is over.
        if (!this.stopping) this.logger.error(`${publicId('mail', due.mail.id)}: ${error.message}`);
      })
      .then(() => {
        clearTimeout(patience);
        this.underWay.delete(sent);
        this.loop.wake();
      });
    this.underWay.set(sent, over);
  }

  private async deliver(due: Due, signal: AbortSignal): Promise<void> {
    const outcome = await this.send(due, signal).catch((error: Error) => {
      if (!signal.aborted || this.stopping) throw error;
      return tooLong;
    });
    const status = await this.settle(due.mail, outcome);
    // Why stands in the list of mails: it may name the customer.
    if (status === 'failed') this.logger.error(`${publicId('mail', due.mail.id)} was given up`);
  }

  private async settle(mail: Due['mail'], outcome: Outcome) {
    for (let tries = 1; ; tries++) {
      try {
        return await this.commands.execute(new SettleMail(mail, outcome));
      } catch (error) {
        // What was sent should not be sent again only because the database was away for a moment.
        if (!isUnavailable(error) || tries === settlingTries || this.stopping) throw error;
        await sleep(1_000, undefined, { ref: false });
      }
    }
  }

  private async send({ mail, brand, look }: Due, signal: AbortSignal): Promise<Outcome> {
    if (!isAddress(mail.recipient)) return { kind: 'refused', error: 'the address cannot be written to' };
    const licenseKey = mail.sealed && this.safe.open(mail.id, mail.sealed);
    if (mail.sealed && licenseKey === null) return { kind: 'deferred', error: 'the license key cannot be opened with ENCRYPTION_KEYS' };
    const { template, blanks, hasButton, ...draft } = draftOf(mail, { brand, look, address: this.route.from }, licenseKey);
    const html = this.pages.fill(template, blanks, hasButton);
    return keyless(await this.mailer.send({ ...draft, html }, signal), licenseKey);
  }

  private async finish(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay.keys());
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.race([this.finish(), sleep(partingMs, undefined, { ref: false })]);
    this.stopping = true;
    for (const over of this.underWay.values()) over.abort();
    await this.finish();
  }
}

/** Whoever carries mails may quote them; the license key in one goes into no table and no log. */
function keyless(outcome: Outcome, licenseKey: string | null): Outcome {
  if (outcome.kind === 'accepted' || licenseKey === null || !outcome.error.includes(licenseKey)) return outcome;
  return { ...outcome, error: outcome.error.replaceAll(licenseKey, '…') };
}
