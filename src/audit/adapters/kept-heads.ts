import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { KeptHead } from '../domain/report';
import type { writtenHead } from '../use-cases/export-audit-logs';

type Written = ReturnType<typeof writtenHead>;

/** What was given is no file in which heads were kept. */
export class NoKeptHeads extends Error {}

/** The heads in an earlier export, or in what `audit verify --json` answered. @throws NoKeptHeads */
export async function readKeptHeads(path: string): Promise<KeptHead[]> {
  try {
    const heads: KeptHead[] = [];
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      if (line.startsWith('{"brand"') || line.trim() === '') continue;
      const { head, brands = [] } = JSON.parse(line) as { head?: Written; brands?: { head: Written | null }[] };
      heads.push(...[head, ...brands.map((one) => one.head)].flatMap((one) => (one ? [kept(one)] : [])));
    }
    if (heads.length === 0) throw new Error('it holds no head');
    return heads;
  } catch (error) {
    throw new NoKeptHeads(`${path} is neither an earlier export nor the answer of audit verify --json: ${(error as Error).message}`);
  }
}

const kept = ({ brand, sequence, hash, signature, key_version }: Written): KeptHead => ({
  brand,
  sequence,
  hash: Buffer.from(hash, 'hex'),
  signature: Buffer.from(signature, 'base64'),
  keyVersion: key_version,
});
