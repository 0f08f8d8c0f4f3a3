import type { BrandId, Reach } from '../../../libs/kernel/brand-id';
import type { PurchaseKind } from '../domain/facts';
import type { Purchase, PurchaseState } from '../domain/purchase';

export abstract class Purchases {
  /** The provider's purchase of that name, made if nobody has heard of it; held until the unit of work ends, against its making too. */
  abstract hold(brandId: BrandId, subject: string, kind: PurchaseKind, at: Date): Promise<Purchase>;
  abstract find(brandId: BrandId, id: string): Promise<PurchaseState | null>;
  abstract ofSubject(brandId: BrandId, subject: string): Promise<PurchaseState | null>;
  /** The one that a payment belongs to, as far as it was told. */
  abstract ofPayment(brandId: BrandId, paymentId: string): Promise<PurchaseState | null>;
  /** The one for which the key was issued. */
  abstract ofKey(brandId: BrandId, licenseKeyId: string): Promise<PurchaseState | null>;
  abstract ofCustomer(brandId: BrandId, customerId: string): Promise<PurchaseState[]>;
  /** Up to so many names, those that were not looked up since something was told of them, oldest first. */
  abstract notLookedUp(reach: Reach, limit: number): Promise<{ brandId: BrandId; subject: string }[]>;
  /** Up to so many of the brand, in the order of their names, after that one. */
  abstract page(brandId: BrandId, after: string | null, limit: number): Promise<PurchaseState[]>;
  abstract save(purchase: Purchase): Promise<void>;
}
