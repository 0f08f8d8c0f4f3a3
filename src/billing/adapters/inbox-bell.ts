import { Injectable } from '@nestjs/common';

/** Rung when something was told about a purchase; the worker of this process need not look for it. */
@Injectable()
export class InboxBell {
  private listener: () => void = () => undefined;

  answer(listener: () => void): void {
    this.listener = listener;
  }

  ring(): void {
    this.listener();
  }
}
