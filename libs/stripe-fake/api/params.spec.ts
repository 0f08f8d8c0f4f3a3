import { Params, parseForm } from './params';

const of = (text: string): Params => new Params(parseForm(text));

describe('the parameters of a request', () => {
  it('are read from brackets, however deep', () => {
    const read = parseForm('a=1&b[c][d]=2&list[0][x]=3&list[1][x]=4&expand[]=e&expand[]=f&plus=1%2B1+2');
    expect(JSON.parse(JSON.stringify(read))).toEqual({
      a: '1',
      b: { c: { d: '2' } },
      list: [{ x: '3' }, { x: '4' }],
      expand: ['e', 'f'],
      plus: '1+1 2',
    });
  });

  it('reach no prototype', () => {
    parseForm('__proto__[polluted]=1&a[__proto__][polluted]=1&constructor[prototype][polluted]=1');
    expect(({} as any).polluted).toBeUndefined();
  });

  it('add to metadata, and take away what is empty', () => {
    expect(of('metadata[b]=2&metadata[c]=').metadata({ a: '1', c: '3' })).toEqual({ a: '1', b: '2' });
    expect(of('metadata=').metadata({ a: '1' })).toEqual({});
    expect(of('').metadata({ a: '1' })).toEqual({ a: '1' });
    expect(() => of(`metadata[a]=${'x'.repeat(501)}`).metadata()).toThrow('500');
  });

  it.each([
    ['a number', (params: Params) => params.integer('v'), 'v=1.5'],
    ['a yes or no', (params: Params) => params.flag('v'), 'v=1'],
    ['one of a few', (params: Params) => params.one('v', ['a', 'b'] as const), 'v=c'],
    ['an address', (params: Params) => params.address('v'), 'v=javascript:1'],
    ['a text', (params: Params) => params.text('v'), 'v[a]=1'],
    ['a group', (params: Params) => params.group('v'), 'v=1'],
    ['a list', (params: Params) => params.groups('v'), 'v[a]=1'],
    ['something', (params: Params) => params.needed('v'), 'v='],
  ])('are refused where %s is asked for', (_, read, text) => {
    expect(() => read(of(text))).toThrow(
      expect.objectContaining({ status: 400, body: { error: expect.objectContaining({ param: 'v' }) } }),
    );
  });
});
