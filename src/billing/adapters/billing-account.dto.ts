import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsInt, Matches, Max, Min, ValidateBy } from 'class-validator';
import { Optional } from '../../../libs/http/dto-rules';
import { publicId } from '../../../libs/kernel/id';
import { faultOfAddress, hostOf } from '../domain/address';
import type { AccountView } from '../use-cases/get-billing-account';

const maxHosts = 50;
const maxLinks = 20;

const AreHosts = (): PropertyDecorator =>
  ValidateBy({
    name: 'areHosts',
    validator: {
      validate: (value) => Array.isArray(value) && value.every((one) => hostOf(one) !== null),
      defaultMessage: () => 'allowed_hosts must hold hosts like shop.example or localhost:8080, without https://',
    },
  });

const AreLinks = (): PropertyDecorator =>
  ValidateBy({
    name: 'areLinks',
    validator: {
      validate: (value) => faultOfLinks(value) === null,
      defaultMessage: (args) => `links ${faultOfLinks(args?.value)}`,
    },
  });

function faultOfLinks(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object of addresses';
  const links = Object.entries(value);
  if (links.length > maxLinks) return `must have at most ${maxLinks} members`;
  for (const [name, address] of links) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) return 'must have names of 1 to 64 letters, digits, underscores and hyphens';
    const fault = faultOfAddress(address);
    if (fault) return `has a member ${name} that ${fault}`;
  }
  return null;
}

export class SetBillingAccountBody {
  /** Secret or restricted key of the Stripe account. Stored encrypted, never shown. Needed the first time. @example "sk_test_latchkey_fake" */
  @Optional()
  @Matches(/^[sr]k_(test|live)_[A-Za-z0-9_]{8,240}$/, {
    message: 'stripe_secret_key must begin with sk_ or rk_, and test_ or live_ behind it',
  })
  stripe_secret_key?: string;

  /** Of the same mode. Pages show it to Stripe’s scripts. Needed the first time. @example "pk_test_latchkey_fake" */
  @Optional()
  @Matches(/^pk_(test|live)_[A-Za-z0-9_]{8,240}$/, { message: 'publishable_key must begin with pk_test_ or pk_live_' })
  publishable_key?: string;

  /** By which Stripe signs its events. Stored encrypted, never shown. Needed the first time. @example "whsec_latchkey_fake" */
  @Optional()
  @Matches(/^whsec_[A-Za-z0-9_+/=-]{8,240}$/, { message: 'webhook_secret must begin with whsec_' })
  webhook_secret?: string;

  /** With another `webhook_secret`: for how long the one before is good as well, 0 to 604800 (a week). Absent: 86400. @example 3600 */
  @Optional()
  @Max(604_800)
  @Min(0)
  @IsInt()
  webhook_secret_overlap_seconds?: number;

  /** To where customers may be sent back: up to 50 hosts, with their ports. @example ["shop.example", "localhost:8080"] */
  @Optional()
  @ArrayUnique()
  @AreHosts()
  @ArrayMaxSize(maxHosts)
  @IsArray()
  @Transform(({ value }) => (Array.isArray(value) ? value.map((one: unknown) => hostOf(one) ?? one) : (value as unknown)))
  allowed_hosts?: string[];

  /** What a pricing page may link to: up to 20 addresses by name. @example { "terms": "https://shop.example/terms" } */
  @Optional()
  @AreLinks()
  links?: Record<string, string>;
}

export class BillingAccountObject {
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** Whether it moves real money. @example false */
  livemode!: boolean;
  /** The end of it; null: it cannot be opened any more. @example "sk_test_…f00d" */
  stripe_secret_key!: string | null;
  /** @example "pk_test_latchkey_fake" */
  publishable_key!: string;
  /** The end of it; null: it cannot be opened any more. @example "whsec_…fake" */
  webhook_secret!: string | null;
  /** Until when the webhook secret before is good as well. @example null */
  previous_webhook_secret_until!: string | null;
  /** Whether a secret can no longer be opened, because its encryption key is gone. Set it anew. @example false */
  unreadable!: boolean;
  /** @example ["shop.example"] */
  allowed_hosts!: string[];
  /** @example { "terms": "https://shop.example/terms" } */
  links!: Record<string, string>;
  /** @example 1 */
  version!: number;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  updated_at!: string;
}

export const billingAccountObject = ({ state, secretKey, webhookSecret }: AccountView): BillingAccountObject => ({
  brand_id: publicId('brand', state.brandId),
  livemode: state.livemode,
  stripe_secret_key: secretKey,
  publishable_key: state.publishableKey,
  webhook_secret: webhookSecret,
  previous_webhook_secret_until: state.previousUntil?.toISOString() ?? null,
  unreadable: secretKey === null || webhookSecret === null,
  allowed_hosts: state.allowedHosts,
  links: state.links,
  version: state.version,
  created_at: state.createdAt.toISOString(),
  updated_at: state.updatedAt.toISOString(),
});
