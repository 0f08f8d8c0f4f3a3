import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { publicId } from '../../../libs/kernel/id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { allBrands } from '../../identity';
import { canonicalOf, genesis, type Head, type Link } from '../domain/audit-chain';
import { AuditChain } from '../ports/audit-chain';
import { Signatures } from '../ports/signatures';
import { Inspection } from './inspection';

const looksAtOnce = 10_000;

/** The sealed rows of one brand or of all, since a time or from the beginning, each log followed by its signed head. */
export class ExportAuditLogs extends Query<AsyncIterable<object>> {
  constructor(
    readonly brandId: BrandId | null,
    readonly since: Date | null,
  ) {
    super();
  }
}

@QueryHandler(ExportAuditLogs)
export class ExportAuditLogsHandler implements IQueryHandler<ExportAuditLogs> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly inspection: Inspection,
    private readonly signatures: Signatures,
  ) {}

  async execute({ brandId, since }: ExportAuditLogs): Promise<AsyncIterable<object>> {
    return brandId ? this.ofBrand(brandId, since) : this.ofAll(since);
  }

  private async *ofAll(since: Date | null): AsyncGenerator<object> {
    for (let last: BrandId | null = null; ;) {
      const before: BrandId | null = last;
      last = await this.work.run(allBrands, () => this.chain.brandAfter(before));
      if (last === null) return;
      yield* this.ofBrand(last, since);
    }
  }

  private async *ofBrand(brandId: BrandId, since: Date | null): AsyncGenerator<object> {
    const head = await this.work.run(brandId, () => this.chain.head(brandId));
    if (!head) return;
    const brand = publicId('brand', brandId);
    const start = since ? await this.linkBefore(brandId, since, head) : { sequence: 0, hash: genesis };
    yield { brand, after: { sequence: start.sequence, hash: start.hash.toString('hex') } };
    for await (const { sequence, hash, row } of this.inspection.sealed(brandId, start.sequence, head.sequence)) {
      yield { brand, sequence, hash: hash.toString('hex'), row: row && canonicalOf(row) };
    }
    yield { head: writtenHead(brand, head), public_key: this.signatures.publicKey(head.keyVersion) };
  }

  /** The last link before the first row of that time or later. */
  private async linkBefore(brandId: BrandId, since: Date, head: Head): Promise<Link> {
    for (let after: number | null = 0; after !== null;) {
      const last: number = after;
      const { found, next } = await this.work.run(brandId, () => this.chain.firstSince(brandId, since, last, looksAtOnce));
      if (found === 1) return { sequence: 0, hash: genesis };
      if (found !== null) return (await this.work.run(brandId, () => this.chain.sealsAfter(brandId, found - 2, 1)))[0]!;
      after = next;
    }
    return head;
  }
}

/** A head as files and programs are told of it. */
export const writtenHead = (brand: string, { sequence, hash, signature, keyVersion, signedAt }: Head) => ({
  brand,
  sequence,
  hash: hash.toString('hex'),
  signature: signature.toString('base64'),
  key_version: keyVersion,
  signed_at: signedAt.toISOString(),
});
