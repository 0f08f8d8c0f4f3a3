import { aLicense, anActivation, inDays, noon } from '../../../test/fixtures/aggregates';
import { Activation } from './activation';

const license = aLicense({ seatsUsed: 1, version: 2 }).state;

describe('An activation', () => {
  it('opens with what the instance tells of itself', () => {
    const activation = Activation.open(license, { id: 'https://shop.example', name: 'Shop', metadata: { wp: '6.9' } }, noon);
    expect(activation.state).toMatchObject({ instanceId: 'https://shop.example', instanceName: 'Shop', metadata: { wp: '6.9' } });
    expect(activation.holdsSeat).toBe(true);
    expect(activation.releaseEvents()).toMatchObject([
      { type: 'license.activated', data: { license_version: 2, seats: { limit: 3, used: 1, remaining: 2 } } },
    ]);
  });

  it('is the same one after the instance left and came back', () => {
    const activation = anActivation({ instanceName: 'Shop', metadata: { wp: '6.8' } });
    activation.end(license, inDays(1));
    expect(activation.holdsSeat).toBe(false);
    activation.restore(license, { id: activation.state.instanceId, metadata: { wp: '6.9' } }, inDays(2));
    expect(activation.state).toMatchObject({ activatedAt: inDays(2), lastSeenAt: inDays(2), deactivatedAt: null });
    expect(activation.state).toMatchObject({ instanceName: 'Shop', metadata: { wp: '6.9' } });
    expect(activation.releaseEvents().map(({ type }) => type)).toEqual(['seat.deactivated', 'license.activated']);
  });

  it('notes when its instance asks again, and tells nobody', () => {
    const activation = anActivation({ metadata: { wp: '6.8' } });
    activation.seen({ id: activation.state.instanceId, name: 'New name' }, inDays(3));
    expect(activation.state).toMatchObject({ instanceName: 'New name', metadata: { wp: '6.8' }, activatedAt: noon, lastSeenAt: inDays(3) });
    expect(activation.releaseEvents()).toEqual([]);
  });

  it('tells of no seats left when the limit lies below the seats in use', () => {
    const activation = anActivation();
    activation.end({ ...license, seatLimit: 1, seatsUsed: 2 }, noon);
    expect(activation.releaseEvents()).toMatchObject([{ data: { seats: { limit: 1, used: 2, remaining: 0 } } }]);
  });
});
