import type { AllBrands, BrandId } from '../../../libs/kernel/brand-id';
import type { Mail, MailState } from '../domain/mail';

/** A mail that is a sender's to send: it has a lease. */
export type Claimed = MailState & { readonly lease: string };

export abstract class Mails {
  /** Answers false, and adds nothing, when the brand has a mail for that reason. */
  abstract add(mail: Mail): Promise<boolean>;
  /** Leases up to so many that are due: of the brand that has the fewest under way, the one that has waited longest. */
  abstract claim(reach: AllBrands, atMost: number, at: Date): Promise<Claimed[]>;
  /** Held until the unit of work ends. */
  abstract hold(brandId: BrandId, id: string): Promise<Mail | null>;
  /** Those that still hold that license key, oldest first. Until the unit of work ends nobody else asks for them. */
  abstract holdWithKey(brandId: BrandId, licenseKeyId: string): Promise<Mail[]>;
  abstract save(mail: Mail): Promise<void>;
}
