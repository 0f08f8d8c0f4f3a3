interface Details {
  readonly code?: string;
  readonly param?: string;
  readonly type?: string;
}

/** What the API answers instead of an object. */
export class ApiError extends Error {
  readonly body: { error: { type: string; message: string; code?: string; param?: string } };

  constructor(
    readonly status: number,
    message: string,
    { type = 'invalid_request_error', ...details }: Details = {},
  ) {
    super(message);
    this.body = { error: { type, message, ...details } };
  }
}

/** What the API calls the things that ids begin with. */
const words: Record<string, string> = {
  cus: 'customer',
  sub: 'subscription',
  in: 'invoice',
  pi: 'payment_intent',
  ch: 'charge',
  re: 'refund',
  du: 'dispute',
  price: 'price',
  prod: 'product',
  cs: 'checkout.session',
  evt: 'event',
};

/** 404 where the address names it, 400 where a parameter does. */
export const noSuch = (what: string, id: string, param: string | null = null): ApiError =>
  new ApiError(param === null ? 404 : 400, `No such ${words[what] ?? what}: '${id}'`, { code: 'resource_missing', param: param ?? 'id' });
