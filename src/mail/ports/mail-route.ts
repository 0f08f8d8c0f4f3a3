/** Who carries mails: a server, a service, or nobody but a folder of files. null: mails wait. */
export type Carrier =
  | { readonly by: 'smtp'; readonly url: string }
  | { readonly by: 'resend'; readonly apiKey: string }
  | { readonly by: 'file'; readonly folder: string };

/** How mails leave, given by whoever starts the service. */
export abstract class MailRoute {
  abstract readonly carrier: Carrier | null;
  /** The address that mails come from. */
  abstract readonly from: string;
}
