import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Customer } from '../domain/customer';
import type { Buyer, News } from '../domain/facts';
import type { Purchase } from '../domain/purchase';
import { Customers } from '../ports/customers';
import { Inbox } from '../ports/inbox';
import { Purchases } from '../ports/purchases';

interface Named {
  readonly brandId: BrandId;
  readonly subject: string;
}

/** What is known of purchases and of who made them. All of it joins the caller's unit of work. */
@Injectable()
export class PurchaseRecords {
  constructor(
    private readonly purchases: Purchases,
    private readonly customers: Customers,
    private readonly inbox: Inbox,
  ) {}

  /** The provider knows nothing of it; answers whether we do. */
  async lookedInVain({ brandId, subject }: Named, at: Date): Promise<boolean> {
    const known = await this.purchases.ofSubject(brandId, subject);
    if (!known) return false;
    const purchase = await this.purchases.hold(brandId, subject, known.kind, at);
    purchase.lookedInVain(at);
    await this.purchases.save(purchase);
    return true;
  }

  /** The purchase with the news taken in, held; null: there is neither news nor purchase. */
  async learn({ brandId, subject }: Named, news: readonly News[], at: Date): Promise<Purchase | null> {
    const kind = news[0]?.kind ?? (await this.purchases.ofSubject(brandId, subject))?.kind;
    if (!kind) return null;
    const purchase = await this.purchases.hold(brandId, subject, kind, at);
    for (const one of news) {
      purchase.learn(one, at);
      if (one.buyer) await this.meet(brandId, one.buyer, at);
    }
    return purchase;
  }

  /** With it, what was told of its payments before anybody knew whose they are is due. */
  async keep(purchase: Purchase): Promise<void> {
    await this.purchases.save(purchase);
    const { brandId, payments, updatedAt } = purchase.state;
    if (payments.length > 0) {
      await this.inbox.hurry(
        brandId,
        payments.map(({ id }) => id),
        updatedAt,
      );
    }
  }

  private async meet(brandId: BrandId, buyer: Buyer, at: Date): Promise<void> {
    const { id } = buyer;
    if (id === null) return;
    const customer = (await this.customers.hold(brandId, id)) ?? Customer.of(brandId, { ...buyer, id }, at);
    customer.learn(buyer, at);
    await this.customers.save(customer);
  }
}
