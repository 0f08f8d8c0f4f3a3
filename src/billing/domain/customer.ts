import { Aggregate } from '../../../libs/kernel/aggregate';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { CustomerLinked, CustomerUnlinked } from './events';
import type { Buyer } from './facts';

export interface CustomerState {
  readonly brandId: BrandId;
  /** The provider's. */
  readonly id: string;
  readonly email: string | null;
  readonly name: string | null;
  /** Whose licenses its purchases drive, where support said so; otherwise its own address. */
  readonly linkedEmail: string | null;
  /** Whether its purchases change licenses. */
  readonly followed: boolean;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A customer as the payment provider knows him. */
export class Customer extends Aggregate<CustomerState> {
  static of(brandId: BrandId, { id, email, name }: Buyer & { readonly id: string }, at: Date): Customer {
    return new Customer({ brandId, id, email, name, linkedEmail: null, followed: true, version: 1, createdAt: at, updatedAt: at });
  }

  /** Keeps what the provider tells of him. */
  learn({ email, name }: Buyer, at: Date): void {
    const wanted = { email: email ?? this.state.email, name: name ?? this.state.name };
    if (this.alters(wanted)) this.change({ ...wanted, version: this.state.version + 1, updatedAt: at });
  }

  /** From now on his purchases drive licenses, of the customer with that address. */
  link(linkedEmail: string | null, at: Date): void {
    this.change({ linkedEmail, followed: true, version: this.state.version + 1, updatedAt: at });
    this.record(new CustomerLinked(this.state.brandId, at, { id: this.state.id }));
  }

  /** His purchases change no license any more; those that he has stay as they are. */
  unlink(at: Date): void {
    if (!this.state.followed) return;
    this.change({ linkedEmail: null, followed: false, version: this.state.version + 1, updatedAt: at });
    this.record(new CustomerUnlinked(this.state.brandId, at, { id: this.state.id }));
  }

  /** To whom the key goes. */
  get holder(): string | null {
    return this.state.linkedEmail ?? this.state.email;
  }
}
