import fc from 'fast-check';
import { mergeMetadata } from './json';

describe('Metadata', () => {
  it('keeps what a change does not name, replaces what it names and drops what it sets to null', () => {
    expect(mergeMetadata({ kept: '1', replaced: '2', dropped: '3' }, { replaced: 'new', dropped: null, added: '4' })).toEqual({
      kept: '1',
      replaced: 'new',
      added: '4',
    });
  });

  it('never holds null, and is the same after the same change again', () => {
    const pairs = fc.dictionary(fc.string(), fc.string());
    const change = fc.dictionary(fc.string(), fc.option(fc.string()));
    fc.assert(
      fc.property(pairs, change, (before, asked) => {
        const after = mergeMetadata(before, asked);
        expect(Object.values(after)).not.toContain(null);
        expect(mergeMetadata(after, asked)).toEqual(after);
      }),
    );
  });

  it('leaves what it was made of alone', () => {
    const [before, asked] = [Object.freeze({ a: '1' }), Object.freeze({ a: null })];
    expect(mergeMetadata(before, asked)).toEqual({});
  });
});
