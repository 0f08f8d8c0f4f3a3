import { DomainError, refusal } from '../../../libs/kernel/domain-error';

export class EventNotFound extends DomainError {
  static readonly refusal = refusal(
    'event_not_found',
    'not_found',
    'Event not found',
    'The brand’s log has no such event. Events are kept for a time that whoever runs the service sets (90 days unless told otherwise); read from the beginning, without `after`.',
  );
  constructor() {
    super(EventNotFound.refusal, 'There is no such event.');
  }
}
