import { DomainError, refusal } from '../../../libs/kernel/domain-error';

export class ActivationNotFound extends DomainError {
  static readonly refusal = refusal(
    'activation_not_found',
    'not_found',
    'Activation not found',
    'The brand has no activation with this id.',
  );
  constructor() {
    super(ActivationNotFound.refusal, 'There is no such activation.');
  }
}
