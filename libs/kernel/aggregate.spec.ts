import { Aggregate } from './aggregate';
import { newBrandId } from './brand-id';
import { DomainEvent } from './domain-event';

class Rung extends DomainEvent<{ times: number }> {
  override readonly type = 'bell.rung';
}

class Bell extends Aggregate<{ times: number }> {
  ring(): void {
    this.change({ times: this.state.times + 1 });
    this.record(new Rung(newBrandId(), new Date('2026-06-01T12:00:00Z'), { times: this.state.times }));
  }
}

describe('An aggregate', () => {
  it('keeps a state that nobody outside can change', () => {
    const given = { times: 0 };
    const bell = new Bell(given);
    given.times = 7;
    expect(bell.state).toEqual({ times: 0 });
    expect(() => ((bell.state as { times: number }).times = 7)).toThrow(TypeError);
  });

  it('leaves a state that was handed out as it was', () => {
    const bell = new Bell({ times: 0 });
    const before = bell.state;
    bell.ring();
    expect([before.times, bell.state.times]).toEqual([0, 1]);
  });

  it('tells what happened once, in order', () => {
    const bell = new Bell({ times: 0 });
    bell.ring();
    bell.ring();
    expect(bell.releaseEvents().map(({ data }) => data)).toEqual([{ times: 1 }, { times: 2 }]);
    expect(bell.releaseEvents()).toEqual([]);
  });
});
