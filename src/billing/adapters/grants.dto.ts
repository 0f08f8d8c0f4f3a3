import { IsEmail, IsInt, Max, Min } from 'class-validator';
import { IsInstant, IsLine, maxSeats, Optional, OptionalOrNull, Normalised } from '../../../libs/http/dto-rules';
import { publicId } from '../../../libs/kernel/id';
import { LicenseObject, licenseObject } from '../../licenses';
import type { Granted } from '../use-cases/grant-plan';

export class GrantPlanBody {
  /** The plan to give, by code; archived ones too. @example "pro_monthly" */
  @IsLine(64)
  plan_code!: string;

  /** To whom the key goes. @example "jane@example.com" */
  @Normalised()
  @IsEmail(undefined, { message: '$property must be an e-mail address' })
  customer_email!: string;

  /** How many of it: seats are multiplied. Absent: 1. @example 1 */
  @Optional()
  @Max(maxSeats)
  @Min(1)
  @IsInt()
  quantity?: number;

  /** Absent: after one term of the plan, a month or a year; null: never. @example "2027-12-31T23:59:59Z" */
  @OptionalOrNull()
  @IsInstant()
  expires_at?: string | null;

  /** Kept with the licenses, as `reason` in their metadata. @example "won at the summer fair" */
  @Optional()
  @IsLine(500)
  reason?: string;
}

export class GrantedKeyObject {
  /** @example "key_06efg00000e0082000000000000" */
  id!: string;
  /** @example "DEMO-…-A7K2Q" */
  hint!: string;
  /** @example "jane@example.com" */
  customer_email!: string;
}

export class GrantedObject {
  license_key!: GrantedKeyObject;
  licenses!: LicenseObject[];
}

export const grantedObject = ({ licenseKey, licenses }: Granted): GrantedObject => ({
  license_key: { id: publicId('licenseKey', licenseKey.id), hint: licenseKey.hint, customer_email: licenseKey.customerEmail },
  licenses: licenses.map(licenseObject),
});
