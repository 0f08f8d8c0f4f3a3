import { createHmac } from 'node:crypto';
import Stripe from 'stripe';
import { SignatureRefused } from '../domain/errors';

const toleranceSeconds = 300;

/** @throws SignatureRefused unless one of the secrets has signed these very bytes, within 300 s before or after now */
export function refuseUnsigned(body: Buffer, header: string | undefined, secrets: readonly string[]): void {
  if (!header) throw new SignatureRefused('The header Stripe-Signature is missing.');
  if (body.length === 0) throw new SignatureRefused('The body is empty.');
  const signedAt = secrets.map((secret) => signedBy(secret, body, header)).find((at) => at !== null);
  if (signedAt === undefined)
    throw new SignatureRefused('No signature of the header is one of this body by the webhook secret of this brand.');
  const age = Math.floor(Date.now() / 1000) - signedAt;
  // NaN is refused as well.
  if (!(Math.abs(age) <= toleranceSeconds))
    throw new SignatureRefused(`The time of the signature is more than ${toleranceSeconds} seconds off.`);
}

/** When it was signed, by the header itself; null: not with this secret. */
function signedBy(secret: string, body: Buffer, header: string): number | null {
  const hmac = new HmacOfBytes();
  try {
    // Its own limit (0: none) looks only backwards.
    Stripe.webhooks.signature!.verifyHeader(body.toString('latin1'), header, secret, 0, hmac);
    return hmac.signedAt;
  } catch {
    return null;
  }
}

/** Given bytes, the SDK repairs what is not UTF-8 and drops a byte-order mark before it checks; one letter a byte leaves them as they are. */
class HmacOfBytes extends Stripe.CryptoProvider {
  signedAt = NaN;

  override computeHMACSignature(payload: string, secret: string): string {
    this.signedAt = Number(payload.slice(0, payload.indexOf('.')));
    return createHmac('sha256', secret).update(payload, 'latin1').digest('hex');
  }
}
