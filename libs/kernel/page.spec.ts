import { pageOf } from './page';

const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `id-${i}` }));

describe('A page', () => {
  it('ends the list when no more rows came than were wanted', () => {
    expect(pageOf(rows(2), { limit: 2, after: null })).toEqual({ items: rows(2), next: null });
    expect(pageOf(rows(0), { limit: 2, after: null })).toEqual({ items: [], next: null });
  });

  it('leaves out the row that tells of more, and says after which the next begins', () => {
    expect(pageOf(rows(3), { limit: 2, after: null })).toEqual({ items: rows(2), next: 'id-1' });
  });
});
