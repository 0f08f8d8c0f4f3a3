import { Injectable } from '@nestjs/common';

/** Rung when there is a mail to send; the sender of this process need not look for it. */
@Injectable()
export class MailBell {
  private listener: () => void = () => undefined;

  answer(listener: () => void): void {
    this.listener = listener;
  }

  ring(): void {
    this.listener();
  }
}
