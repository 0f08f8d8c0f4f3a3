/** Where webhooks may go, given by whoever starts the service. */
export abstract class WebhookTargets {
  /** Private addresses, plain HTTP and any port too: for trying webhooks on one machine. */
  abstract readonly allowsPrivate: boolean;
}
