import { Injectable } from '@nestjs/common';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { publicId } from '../../../libs/kernel/id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { type AuditRow, genesis, hashOf, type Link, type Seal, type Signed, statementOf } from '../domain/audit-chain';
import { AuditChain, type SealedRow } from '../ports/audit-chain';
import { Signatures } from '../ports/signatures';

export const rowsAtOnce = 500;
const sealsAtOnce = 5_000;
/** How many other places are tried for a seal that is not where it was put. */
const farthest = 10_000;

/** Reads the chain of a brand, piece by piece, and tells what became of a link that does not hold. */
@Injectable()
export class Inspection {
  constructor(
    private readonly work: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly signatures: Signatures,
  ) {}

  async *sealed(brandId: BrandId, after: number, upTo: number): AsyncGenerator<SealedRow> {
    for (let last = after; last < upTo;) {
      const piece = await this.work.run(brandId, () => this.chain.sealedAfter(brandId, last, Math.min(rowsAtOnce, upTo - last)));
      for (const one of piece) if (one.sequence <= upTo) yield one;
      if (piece.length === 0) return;
      last = piece.at(-1)!.sequence;
    }
  }

  /** Whether our key signed that the chain stands there. */
  isSigned(kind: 'head' | 'row', brandId: BrandId, { sequence, hash, signature, keyVersion }: Signed): boolean {
    return this.signatures.verify(statementOf(kind, publicId('brand', brandId), { sequence, hash }), keyVersion, signature);
  }

  /**
   * The first seal up to this one that our key did not make, in a chain whose links hold; null when all are ours. Each signature speaks
   * for all that is before it, so that half of the rest is ruled out by each look.
   */
  async firstForged(brandId: BrandId, { sequence }: Link): Promise<Seal | null> {
    const last = sequence === 0 ? null : await this.sealAt(brandId, sequence);
    if (!last || this.isSigned('row', brandId, last)) return null;
    let [good, bad] = [0, last];
    while (bad.sequence - good > 1) {
      const middle = Math.floor((good + bad.sequence) / 2);
      const seal = await this.sealAt(brandId, middle);
      if (!seal || this.isSigned('row', brandId, seal)) good = middle;
      else bad = seal;
    }
    return bad;
  }

  /** A row that does not fit where it stands: what was done to it? */
  async explain(
    brandId: BrandId,
    sealed: SealedRow,
    row: AuditRow,
  ): Promise<{ tampering: 'changed' | 'moved' | 'forged'; detail: string }> {
    if (this.isSigned('row', brandId, sealed)) {
      const place = await this.placeOf(brandId, row);
      return place === null
        ? { tampering: 'changed', detail: 'It is not what was sealed.' }
        : { tampering: 'moved', detail: `It was sealed as row ${place}.` };
    }
    const place = this.sealedAs(brandId, sealed);
    return place === null
      ? { tampering: 'forged', detail: 'Its seal was not made with our key.' }
      : { tampering: 'moved', detail: `It was sealed as row ${place}.` };
  }

  /** Where in the chain the row fits. */
  private async placeOf(brandId: BrandId, row: AuditRow): Promise<number | null> {
    let previous: Link = { sequence: 0, hash: genesis };
    for (;;) {
      const seals = await this.work.run(brandId, () => this.chain.sealsAfter(brandId, previous.sequence, sealsAtOnce));
      for (const seal of seals) {
        if (hashOf(previous.hash, row).equals(seal.hash)) return seal.sequence;
        previous = seal;
      }
      if (seals.length < sealsAtOnce) return null;
    }
  }

  /** The place for which our key made the seal, looked for from where it stands outwards. */
  private sealedAs(brandId: BrandId, sealed: SealedRow): number | null {
    for (let distance = 1; distance <= farthest; distance++) {
      const places = [sealed.sequence + distance, sealed.sequence - distance].filter((place) => place > 0);
      const place = places.find((sequence) => this.isSigned('row', brandId, { ...sealed, sequence }));
      if (place !== undefined) return place;
    }
    return null;
  }

  private async sealAt(brandId: BrandId, sequence: number): Promise<Seal | null> {
    const [seal] = await this.work.run(brandId, () => this.chain.sealsAfter(brandId, sequence - 1, 1));
    return seal ?? null;
  }
}
