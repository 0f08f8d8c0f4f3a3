import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { publicId } from '../../../libs/kernel/id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { allBrands } from '../../identity';
import { genesis, type Head, hashOf, type Link } from '../domain/audit-chain';
import type { BrandReport, Finding, KeptHead } from '../domain/report';
import { AuditChain } from '../ports/audit-chain';
import { Inspection } from './inspection';

const idsAtOnce = 5_000;
const sayEvery = 1_000;

/** Whether anybody touched the audit log: of one brand or of all, also against heads that were kept elsewhere. */
export class VerifyAuditLogs extends Query<BrandReport[]> {
  constructor(
    readonly brandId: BrandId | null,
    readonly kept: readonly KeptHead[],
    readonly onProgress: (brand: string, rows: number) => void,
  ) {
    super();
  }
}

@QueryHandler(VerifyAuditLogs)
export class VerifyAuditLogsHandler implements IQueryHandler<VerifyAuditLogs> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly inspection: Inspection,
  ) {}

  async execute({ brandId: only, kept, onProgress }: VerifyAuditLogs): Promise<BrandReport[]> {
    const next = (last: BrandId | null) => this.work.run(allBrands, () => this.chain.brandAfter(last));
    const reports: BrandReport[] = [];
    for (let brandId = only ?? (await next(null)); brandId; brandId = only === null ? await next(brandId) : null) {
      const brand = publicId('brand', brandId);
      const own = kept.filter((head) => head.brand === brand);
      reports.push(await this.verify(brandId, own, (rows) => onProgress(brand, rows)));
    }
    const gone = kept.filter(({ brand }) => only === null && !reports.some((report) => report.brand === brand));
    return [...reports, ...gone.map(({ brand }) => nothingLeft(brand))];
  }

  private async verify(brandId: BrandId, kept: readonly KeptHead[], onProgress: (rows: number) => void): Promise<BrandReport> {
    const [head, waiting] = await this.work.run(brandId, async () => [await this.chain.head(brandId), await this.chain.waiting(brandId)]);
    const { end, finding } = await this.walk(brandId, head?.sequence ?? Infinity, kept, onProgress);
    const found =
      (await this.forgery(brandId, end)) ??
      finding ??
      this.atEnd(brandId, head, end, kept) ??
      (await this.beyond(brandId)) ??
      (await this.bare(brandId)) ??
      (await this.goneUnsealed(brandId));
    return { brand: publicId('brand', brandId), rows: end.sequence, head, finding: found, waiting };
  }

  /** Up to where the links hold, and why not further. */
  private async walk(
    brandId: BrandId,
    upTo: number,
    kept: readonly KeptHead[],
    onProgress: (rows: number) => void,
  ): Promise<{ end: Link; finding: Finding | null }> {
    let end: Link = { sequence: 0, hash: genesis };
    for await (const sealed of this.inspection.sealed(brandId, 0, upTo)) {
      const { sequence, id, row } = sealed;
      const stop = (finding: Omit<Finding, 'sequence' | 'id'>) => ({ end, finding: { sequence, id, ...finding } });
      if (sequence !== end.sequence + 1) {
        const finding = { tampering: 'deleted', sequence: end.sequence + 1, id: null, detail: 'No row has this place any more.' } as const;
        return { end, finding };
      }
      if (row === null) {
        const others = await this.work.run(brandId, () => this.chain.hasRowFrom(brandId, sequence));
        return stop({ tampering: others ? 'deleted' : 'truncated', detail: 'Its seal is there, the row is not.' });
      }
      if (!hashOf(end.hash, row).equals(sealed.hash)) return stop(await this.inspection.explain(brandId, sealed, row));
      if (kept.some((head) => head.sequence === sequence && !head.hash.equals(sealed.hash))) {
        return stop({
          tampering: 'truncated',
          detail: 'Another row stood here when the head was kept: the end was cut off and written anew.',
        });
      }
      end = sealed;
      if (sequence % sayEvery === 0) onProgress(sequence);
    }
    return { end, finding: null };
  }

  private async forgery(brandId: BrandId, end: Link): Promise<Finding | null> {
    const seal = await this.inspection.firstForged(brandId, end);
    return seal && { tampering: 'forged', sequence: seal.sequence, id: seal.id, detail: 'It was sealed anew, and not with our key.' };
  }

  /** What the signed head says of the end, and what heads say that were kept. */
  private atEnd(brandId: BrandId, head: Head | null, end: Link, kept: readonly KeptHead[]): Finding | null {
    const at = (tampering: Finding['tampering'], sequence: number, detail: string) => ({ tampering, sequence, id: null, detail });
    if (kept.some((one) => !this.inspection.isSigned('head', brandId, one))) {
      return at('head', end.sequence, 'The head that was kept was not signed with our key.');
    }
    const last = Math.max(head?.sequence ?? 0, ...kept.map(({ sequence }) => sequence));
    if (end.sequence < last) return at('truncated', end.sequence + 1, `The log went on to row ${last}.`);
    if (head === null) return end.sequence === 0 ? null : at('head', end.sequence, 'The signed head is missing.');
    if (head.hash.equals(end.hash) && this.inspection.isSigned('head', brandId, head)) return null;
    return at('head', head.sequence, 'The signature of the head does not fit.');
  }

  private async beyond(brandId: BrandId): Promise<Finding | null> {
    const seal = await this.work.run(brandId, () => this.chain.beyondHead(brandId));
    if (!seal) return null;
    const { sequence, id } = seal;
    return this.inspection.isSigned('row', brandId, seal)
      ? { tampering: 'head', sequence, id, detail: 'The row is sealed, but the head is from before it: an older one was put back.' }
      : { tampering: 'forged', sequence, id, detail: 'It stands behind the signed head, and its seal was not made with our key.' };
  }

  /** A row comes with a place to wait for its seal; one without came another way, or its seal was taken away. */
  private async bare(brandId: BrandId): Promise<Finding | null> {
    let piece: Awaited<ReturnType<AuditChain['withoutSeal']>> = { found: null, next: null };
    do {
      const { next } = piece;
      piece = await this.work.run(brandId, () => this.chain.withoutSeal(brandId, next, idsAtOnce));
    } while (piece.found === null && piece.next !== null);
    const { found: id } = piece;
    return id === null ? null : { tampering: 'forged', sequence: null, id, detail: 'Nothing was ever to seal it.' };
  }

  private async goneUnsealed(brandId: BrandId): Promise<Finding | null> {
    const id = await this.work.run(brandId, () => this.chain.goneUnsealed(brandId));
    return id === null ? null : { tampering: 'deleted', sequence: null, id, detail: 'It was taken away before it was sealed.' };
  }
}

const nothingLeft = (brand: string): BrandReport => ({
  brand,
  rows: 0,
  head: null,
  finding: { tampering: 'truncated', sequence: 1, id: null, detail: 'A head was kept of this log, and nothing of it is left.' },
  waiting: { count: 0, isLate: false },
});
