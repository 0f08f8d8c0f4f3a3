import fc from 'fast-check';
import { parseTraceparent } from './trace-context';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

describe('A traceparent', () => {
  it.each([
    ['sampled', `00-${trace}-${span}-01`, true],
    ['not sampled', `00-${trace}-${span}-00`, false],
    ['with flags that nobody knows yet', `00-${trace}-${span}-ff`, true],
    ['with all flags but that one', `00-${trace}-${span}-fe`, false],
  ])('is taken, and goes on as it came: %s', (_, header, isSampled) => {
    expect(parseTraceparent(header)).toEqual({ traceId: trace, parentId: span, isSampled, traceparent: header });
  });

  it.each([`cc-${trace}-${span}-03`, `01-${trace}-${span}-01-`, `fe-${trace}-${span}-ff-what-the-future-may-bring`])(
    'of a younger version is read as far as we know it, and goes on in ours: %s',
    (header) => {
      expect(parseTraceparent(header)).toMatchObject({ traceId: trace, parentId: span, traceparent: `00-${trace}-${span}-01` });
    },
  );

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['given twice', `00-${trace}-${span}-01, 00-${trace}-${span}-01`],
    ['a list', [`00-${trace}-${span}-01`]],
    ['of the version that never will be', `ff-${trace}-${span}-01`],
    ['with more behind than its version has', `00-${trace}-${span}-01-more`],
    ['of a younger version, with more behind that is not set apart', `01-${trace}-${span}-01more`],
    ['without a trace', `00-${'0'.repeat(32)}-${span}-01`],
    ['without a parent', `00-${trace}-${'0'.repeat(16)}-01`],
    ['in capitals', `00-${trace.toUpperCase()}-${span}-01`],
    ['with a trace that is too short', `00-${trace.slice(1)}-${span}-01`],
    ['with a parent that is too long', `00-${trace}-${span}0-01`],
    ['without flags', `00-${trace}-${span}`],
    ['with half of the flags', `00-${trace}-${span}-1`],
    ['with something that is no digit', `00-${trace}-${span}-0g`],
    ['between spaces', ` 00-${trace}-${span}-01 `],
    ['with a line behind it', `00-${trace}-${span}-01\n`],
  ])('counts for nothing when it is %s', (_, header) => expect(parseTraceparent(header)).toBeNull());

  it('never goes on with anything in it but hexadecimal digits, whatever came', () => {
    const near = fc
      .tuple(fc.constantFrom('00', '01', 'ff', '0G'), fc.string(), fc.constantFrom(trace, trace.slice(1)), fc.constantFrom(span, '0'))
      .map(([version, more, traceId, spanId]) => `${version}-${traceId}-${spanId}-01${more}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (header) => {
        expect(parseTraceparent(header)?.traceparent ?? `00-${trace}-${span}-00`).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
      }),
    );
  });
});
