import type { KeyInHand, LicenseState } from '../../licenses';
import type { OnRecord, Records } from '../ports/records';
import type { MemoryActivations } from './memory-activations';

/** The shape needed of the keys and their licenses. */
interface Files {
  find(key: KeyInHand): Promise<{ readonly id: string; readonly hint: string } | null>;
  licensesOf(key: KeyInHand, licenseKeyId: string): Promise<LicenseState[]>;
  now(): Date;
}

export class MemoryRecords implements Records {
  constructor(
    private readonly files: Files,
    private readonly activations: MemoryActivations,
  ) {}

  async about(key: KeyInHand, instanceId: string | undefined): Promise<OnRecord> {
    const [found, at] = [await this.files.find(key), this.files.now()];
    if (!found) return { evidence: null, seats: [], at };
    const licenses = await this.files.licensesOf(key, found.id);
    const seats = instanceId === undefined ? [] : this.activations.seatsOf(key.brandId, instanceId);
    return {
      evidence: { hint: found.hint, licenses },
      seats: seats.filter((seat) => licenses.some(({ id }) => id === seat.licenseId)),
      at,
    };
  }
}
