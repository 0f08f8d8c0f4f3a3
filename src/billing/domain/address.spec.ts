import { ensureAllowed, faultOfAddress, HostNotAllowed, hostOf } from './address';

describe('An address to which a customer is sent', () => {
  it.each([
    'https://shop.example',
    'https://shop.example/thanks?a=1&b=%20#there',
    'https://shop.example:8443/',
    'HTTPS://shop.example/',
    'http://localhost:3000/thanks',
    'http://127.0.0.1/',
    `https://shop.example/${'a'.repeat(1_979)}`,
  ])('may be %s', (address) => {
    expect(faultOfAddress(address)).toBeNull();
  });

  it.each([
    [7, 'must be a string'],
    ['', 'must be an address like'],
    ['shop.example/thanks', 'must be an address like'],
    ['//shop.example/', 'must be an address like'],
    ['https:/shop.example/', 'must be an address like'],
    ['https://', 'must be an address like'],
    ['https://?', 'must be an address like'],
    ['https://shop.example:99999/', 'must be an address like'],
    ['javascript:alert(1)//https://shop.example/', 'must be an address like'],
    ['ftp://shop.example/', 'must be an address like'],
    [' https://shop.example/', 'must be an address like'],
    ['http://shop.example/', 'must begin with https://'],
    ['http://localhost.evil.example/', 'must begin with https://'],
    ['https://jane:secret@shop.example/', 'must hold no credentials'],
    ['https://shop.example@evil.example/', 'must hold no credentials'],
    ['https://@evil.example/', 'must hold no credentials'],
    ['https://shop.example\\@evil.example/', 'must hold no credentials'],
    ['https://shop.example\\.evil.example/', 'must be percent-encoded'],
    ['https://shop.example/a b', 'must be percent-encoded'],
    ['https://shop.example/\n', 'must be percent-encoded'],
    ['https://shop.example/é', 'must be percent-encoded'],
    ['https://shöp.example/', 'must be percent-encoded'],
    ['https://shop.example/{CHECKOUT_SESSION_ID}', 'must be percent-encoded'],
    [`https://shop.example/${'a'.repeat(1_980)}`, 'must have at most 2000 characters'],
  ])('may not be %s', (address, fault) => {
    expect(faultOfAddress(address)).toContain(fault);
  });

  it.each([
    ['https://shop.example/thanks?session={CHECKOUT_SESSION_ID}', null],
    ['https://shop.example/{CHECKOUT_SESSION_ID}#{CHECKOUT_SESSION_ID}', null],
    ['https://shop.example/{CHECKOUT_SESSION}', 'must be percent-encoded'],
    ['https://{CHECKOUT_SESSION_ID}/', 'must be an address like'],
    ['https://{CHECKOUT_SESSION_ID}.example/', 'must be an address like'],
  ])('may hold the session where that is known: %s', (address, fault) => {
    const found = faultOfAddress(address, { mayHoldSession: true });
    if (fault === null) expect(found).toBeNull();
    else expect(found).toMatch(/must be (percent-encoded|an address like)/);
  });
});

describe('A host', () => {
  it.each([
    ['shop.example', 'shop.example'],
    ['Shop.Example', 'shop.example'],
    ['localhost', 'localhost'],
    ['localhost:8080', 'localhost:8080'],
    ['shop.example:443', 'shop.example'],
    ['127.0.0.1:3000', '127.0.0.1:3000'],
    ['[::1]:3000', '[::1]:3000'],
    ['bücher.example', 'xn--bcher-kva.example'],
  ])('%s is %s', (text, host) => {
    expect(hostOf(text)).toBe(host);
  });

  it.each([
    ...[
      'https://shop.example',
      'shop.example/',
      'jane@shop.example',
      'shop.example?',
      '*.shop.example',
      '*',
      '',
      ' ',
      'a b',
      'shop.example:x',
    ],
    ...[null, 7, {}, `${'a'.repeat(300)}.example`, 'shop.example:99999', '\\evil', '%65vil.example'],
  ])('%s is none', (text) => {
    expect(hostOf(text)).toBeNull();
  });
});

describe('A host that a brand has named', () => {
  it.each([
    ['https://shop.example/thanks', ['shop.example']],
    ['https://SHOP.example/', ['shop.example']],
    ['https://shop.example:443/', ['shop.example']],
    ['https://shop.example:8443/', ['shop.example:8443']],
    ['http://localhost:3000/', ['shop.example', 'localhost:3000']],
    ['http://localhost/', ['localhost:80']],
  ])('lets %s be gone to', (address, hosts) => {
    ensureAllowed(address, hosts, '/success_url');
  });

  it.each([
    ['https://shop.example/', []],
    ['https://shop.example:8443/', ['shop.example']],
    ['https://shop.example/', ['shop.example:8443']],
    ['https://www.shop.example/', ['shop.example']],
    ['https://shop.example.evil.example/', ['shop.example']],
    ['https://evil.example/shop.example', ['shop.example']],
    ['http://localhost:3000/', ['localhost']],
  ])('is not that of %s', (address, hosts) => {
    expect(() => ensureAllowed(address, hosts, '/success_url')).toThrow(HostNotAllowed);
  });
});
