export { WebhooksModule } from './webhooks.module';
export { WebhookTargets } from './ports/webhook-targets';
