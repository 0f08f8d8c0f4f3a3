import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { publicId } from '../../../libs/kernel/id';
import { MailSettingsUpdated } from './events';

/** How the mails of a brand look, and whom they come from. */
export interface MailLook {
  /** null: the brand's own name. */
  readonly senderName: string | null;
  /** Where answers go; null: to where mails come from. */
  readonly replyTo: string | null;
  /** `#rrggbb` */
  readonly colour: string;
  /** Where customers find help. */
  readonly supportUrl: string | null;
}

export interface MailSettingsState extends MailLook {
  readonly brandId: BrandId;
  /** 0: nobody has set them. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const defaultLook: MailLook = { senderName: null, replyTo: null, colour: '#1f5fbf', supportUrl: null };

export class MailSettings extends Aggregate<MailSettingsState> {
  /** Those of a brand that has set none. */
  static untouched(brandId: BrandId, at: Date): MailSettings {
    return new MailSettings({ brandId, ...defaultLook, version: 0, createdAt: at, updatedAt: at });
  }

  /** To what is there already changes nothing. */
  become(look: MailLook, at: Date): void {
    if (!this.alters(look)) return;
    this.change({ ...look, version: this.state.version + 1, updatedAt: at });
    const { brandId, version, senderName, colour } = this.state;
    this.record(new MailSettingsUpdated(brandId, at, { id: publicId('brand', brandId), version, sender_name: senderName, colour }));
  }
}
