import { IsEmail, IsIn, IsInt, IsUrl, Matches, Max, MaxLength, Min } from 'class-validator';
import { IsLine, Optional, OptionalOrNull } from '../../../libs/http/dto-rules';
import { PageQuery } from '../../../libs/http/paging';
import { publicId } from '../../../libs/kernel/id';
import type { MailState, MailStatus, MailTemplate } from '../domain/mail';
import { defaultLook, type MailLook, type MailSettingsState } from '../domain/mail-settings';
import type { Resent } from '../use-cases/resend-license-key';

export class MailSettingsBody {
  /** Whom mails come from. Absent or null: the brand’s own name. @example "Demo Plugins" */
  @OptionalOrNull()
  @IsLine(100)
  sender_name?: string | null;

  /** Where answers go. Absent or null: to where mails come from. @example "help@demo.example" */
  @OptionalOrNull()
  @IsEmail({ allow_utf8_local_part: false }, { message: '$property must be an e-mail address' })
  reply_to?: string | null;

  /** Of the head and the button: `#rrggbb`. Absent or null: a blue. @example "#1f5fbf" */
  @OptionalOrNull()
  @Matches(/^#[0-9a-fA-F]{6}$/, { message: '$property must be a colour like #1f5fbf' })
  colour?: string | null;

  /** Where customers find help. @example "https://demo.example/support" */
  @OptionalOrNull()
  @MaxLength(2048)
  @IsUrl(
    { protocols: ['https', 'http'], require_protocol: true },
    { message: '$property must be an address of the web, like https://demo.example' },
  )
  support_url?: string | null;
}

export class MailSettingsObject {
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** null: the brand’s own name. @example "Demo Plugins" */
  sender_name!: string | null;
  /** @example "help@demo.example" */
  reply_to!: string | null;
  /** @example "#1f5fbf" */
  colour!: string;
  /** @example "https://demo.example/support" */
  support_url!: string | null;
  /** 0: nobody has set anything. @example 1 */
  version!: number;
  /** @example "2026-11-23T12:00:00.000Z" */
  updated_at!: string | null;
}

export class MailsQuery extends PageQuery {
  /** Only those. @example "failed" */
  @Optional()
  @IsIn(['waiting', 'sent', 'failed'])
  status?: MailStatus;
}

export class MailObject {
  /** @example "mai_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** Why it is sent: there is one mail for each reason. @example "expiring_soon:lic_06efg00000e0082000000000000:2027-11-23T12:00:00.000Z:7" */
  reason!: string;
  /** @example "expiring_soon" */
  template!: MailTemplate;
  /** @example "jane@example.com" */
  to!: string;
  /** The license key that it hands over; the key itself is shown nowhere. @example null */
  license_key_id!: string | null;
  /** `failed`: it was refused, or nobody took it for three days. @example "sent" */
  status!: MailStatus;
  /** @example 1 */
  attempts!: number;
  /** What became of the last attempt; null when it went well. @example null */
  error!: string | null;
  /** @example null */
  next_attempt_at!: string | null;
  /** @example "2026-11-23T12:00:00.000Z" */
  created_at!: string;
  /** @example "2026-11-23T12:00:01.000Z" */
  sent_at!: string | null;
  /** @example null */
  failed_at!: string | null;
}

export class ResendBody {
  /** For how long the old key works beside a new one: 0 (not at all) to 604800 (a week). Absent: 86400. @example 86400 */
  @Optional()
  @Max(604_800)
  @Min(0)
  @IsInt()
  overlap_seconds?: number;
}

export class ResentKeyObject {
  /** @example "key_06efg00000e0082000000000000" */
  id!: string;
  /** @example "DEMO-…-7K2QF" */
  hint!: string;
}

export class ResentObject {
  /** `waiting_mail`: the mail with the key still waited, and is sent at once. `reissued`: a new key is on its way. @example "reissued" */
  resent!: 'waiting_mail' | 'reissued';
  /** The key as it is now, when it is a new one; the whole of it is in the mail alone. */
  license_key!: ResentKeyObject | null;
}

export const lookOf = ({ sender_name, reply_to, colour, support_url }: MailSettingsBody): MailLook => ({
  senderName: sender_name ?? defaultLook.senderName,
  replyTo: reply_to ?? defaultLook.replyTo,
  colour: (colour ?? defaultLook.colour).toLowerCase(),
  supportUrl: support_url ?? defaultLook.supportUrl,
});

export const mailSettingsObject = (brandId: string, settings: MailSettingsState | null): MailSettingsObject => {
  const { senderName, replyTo, colour, supportUrl } = settings ?? defaultLook;
  const look = { sender_name: senderName, reply_to: replyTo, colour, support_url: supportUrl };
  const isSet = settings !== null && settings.version > 0;
  const when = { version: settings?.version ?? 0, updated_at: isSet ? settings.updatedAt.toISOString() : null };
  return { brand_id: publicId('brand', brandId), ...look, ...when };
};

export const mailObject = (mail: MailState): MailObject => ({
  id: publicId('mail', mail.id),
  brand_id: publicId('brand', mail.brandId),
  reason: mail.reason,
  template: mail.template,
  to: mail.recipient,
  license_key_id: mail.licenseKeyId && publicId('licenseKey', mail.licenseKeyId),
  status: mail.status,
  attempts: mail.attempts,
  error: mail.error,
  next_attempt_at: mail.nextAttemptAt?.toISOString() ?? null,
  created_at: mail.createdAt.toISOString(),
  sent_at: mail.sentAt?.toISOString() ?? null,
  failed_at: mail.failedAt?.toISOString() ?? null,
});

export const resentObject = (answer: Resent): ResentObject => ({
  resent: answer.resent,
  license_key: answer.resent === 'reissued' ? { id: publicId('licenseKey', answer.licenseKey.id), hint: answer.licenseKey.hint } : null,
});
