import { IsEmail, IsInt, Matches, Max, Min, ValidateBy } from 'class-validator';
import { IsLine, maxSeats, Optional, OptionalOrNull, Normalised } from '../../../libs/http/dto-rules';
import { faultOfAddress } from '../domain/address';
import type { Checkout } from '../use-cases/open-checkout';

const IsAddress = (options?: { mayHoldSession: boolean }): PropertyDecorator =>
  ValidateBy({
    name: 'isAddress',
    validator: {
      validate: (value) => faultOfAddress(value, options) === null,
      defaultMessage: (args) => `${args!.property} ${faultOfAddress(args!.value, options)}`,
    },
  });

export class OpenCheckoutBody {
  /** The plan to buy, by code. @example "pro_monthly" */
  @IsLine(64)
  plan_code!: string;

  /** How many of it: seats are multiplied. Absent: 1. @example 1 */
  @Optional()
  @Max(maxSeats)
  @Min(1)
  @IsInt()
  quantity?: number;

  /** To whom the key goes; absent or null: Stripe asks for it. @example "jane@example.com" */
  @OptionalOrNull()
  @Normalised()
  @IsEmail(undefined, { message: '$property must be an e-mail address' })
  customer_email?: string | null;

  /**
   * Where the customer goes when it is paid; its host is one of `allowed_hosts`. `{CHECKOUT_SESSION_ID}` becomes the id of the session.
   * @example "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}"
   */
  @IsAddress({ mayHoldSession: true })
  success_url!: string;

  /** Where he goes when he changes his mind. @example "https://shop.example/pricing" */
  @IsAddress()
  cancel_url!: string;
}

/** One of the two. */
export class OpenPortalBody {
  /** As Stripe names him. @example "cus_QabcDEF" */
  @Optional()
  @Matches(/^cus_[A-Za-z0-9_]{1,250}$/, { message: 'customer_id must begin with cus_' })
  customer_id?: string;

  /** Whoever bought with it; of several the newest. @example "jane@example.com" */
  @Optional()
  @Normalised()
  @IsEmail(undefined, { message: '$property must be an e-mail address' })
  customer_email?: string;

  /** Where the customer goes afterwards; its host is one of `allowed_hosts`. @example "https://shop.example/account" */
  @IsAddress()
  return_url!: string;
}

export class CheckoutSessionObject {
  /** As Stripe names it. @example "cs_test_a1QabcDEF" */
  id!: string;
  /** Where the customer pays. @example "https://checkout.stripe.com/c/pay/cs_test_a1QabcDEF" */
  url!: string;
  /** @example "2026-11-24T12:00:00.000Z" */
  expires_at!: string | null;
  /** @example "pro_monthly" */
  plan_code!: string;
  /** @example 1 */
  quantity!: number;
}

export class PortalSessionObject {
  /** Good for a few minutes. @example "https://billing.stripe.com/p/session/test_QabcDEF" */
  url!: string;
}

export const checkoutSessionObject = ({ id, url, expiresAt, planCode, quantity }: Checkout): CheckoutSessionObject => ({
  id,
  url,
  expires_at: expiresAt?.toISOString() ?? null,
  plan_code: planCode,
  quantity,
});
