import { Injectable } from '@nestjs/common';

/** Rung when there is something to send; the sender of this process need not look for it. */
@Injectable()
export class DeliveryBell {
  private listener: () => void = () => undefined;

  answer(listener: () => void): void {
    this.listener = listener;
  }

  ring(): void {
    this.listener();
  }
}
