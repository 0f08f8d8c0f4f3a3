import type { BrandId } from '../../../libs/kernel/brand-id';
import type { AuditRow, Head, Seal } from '../domain/audit-chain';
import type { Waiting } from '../domain/report';

/** A seal as it stands, and the row that it belongs to; null when that is gone. */
export interface SealedRow extends Seal {
  readonly row: AuditRow | null;
}

/** The audit log of each brand as a chain of sealed rows. Pieces of it are read, so that any length fits into memory. */
export abstract class AuditChain {
  /** Of all brands, the next ones that have places without a seal. */
  abstract brandsWaiting(after: BrandId | null, limit: number): Promise<BrandId[]>;
  /** Of all brands, the next one that has rows, seals or a head; null after the last. */
  abstract brandAfter(brand: BrandId | null): Promise<BrandId | null>;

  /** The head, held until the unit of work ends; null while somebody else holds it. A chain that has none begins with this one. */
  abstract hold(brandId: BrandId, first: Head): Promise<Head | null>;
  /** The oldest rows without a seal, in the order in which they were written. */
  abstract unsealed(brandId: BrandId, limit: number): Promise<AuditRow[]>;
  abstract append(brandId: BrandId, seals: readonly Seal[], head: Head): Promise<void>;

  abstract head(brandId: BrandId): Promise<Head | null>;
  abstract sealedAfter(brandId: BrandId, sequence: number, limit: number): Promise<SealedRow[]>;
  /** The seals alone. */
  abstract sealsAfter(brandId: BrandId, sequence: number, limit: number): Promise<Seal[]>;
  /** A seal at a place behind the head's, as both stand in one moment. */
  abstract beyondHead(brandId: BrandId): Promise<Seal | null>;
  /** Whether any row with a seal at this place or behind it is there. */
  abstract hasRowFrom(brandId: BrandId, sequence: number): Promise<boolean>;
  /** Looks at the next rows by id, up to `limit`: which has not even a place to wait for its seal, and where to go on; null at the end. */
  abstract withoutSeal(brandId: BrandId, after: string | null, limit: number): Promise<{ found: string | null; next: string | null }>;
  /** The first row that is gone, though the place where it waited for its seal is there. */
  abstract goneUnsealed(brandId: BrandId): Promise<string | null>;
  abstract waiting(brandId: BrandId): Promise<Waiting>;
  /** Looks at the next rows by sequence, up to `limit`: which is the first of that time or later, and where to go on; null at the end. */
  abstract firstSince(brandId: BrandId, since: Date, after: number, limit: number): Promise<{ found: number | null; next: number | null }>;
}
