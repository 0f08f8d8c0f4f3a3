import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What whoever starts the service hands in: there is nothing to keep a promise but the value. */
const settings = ['EventsAddress', 'ExpiryNotices', 'KeyMode', 'LegacyBrand', 'MailRoute', 'Peppers', 'StripeAddress', 'WebhookTargets'];

const root = resolve(__dirname, '../..');
const sourcesIn = (folder: string, name: RegExp): string[] =>
  readdirSync(folder)
    .filter((file) => name.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
const modules = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
const sourcesOf = (layer: string) =>
  modules.flatMap(({ name }) => {
    const folder = join(root, 'src', name, layer);
    return readdirSync(join(root, 'src', name)).includes(layer) ? sourcesIn(folder, /(?<!\.spec)\.ts$/) : [];
  });
const all = (sources: string[], pattern: RegExp) => sources.flatMap((source) => [...source.matchAll(pattern)]);

const portsIn = (sources: string[]) => all(sources, /^export abstract class (\w+)/gm).map(([, name]) => name!);

/** Each adapter with the ports that it says it keeps. */
const adaptersIn = (sources: string[], ports: string[]) =>
  all(sources, /^export class (\w+)[^{]* implements ([\w, ]+) \{/gm)
    .map(([, name, kept]) => ({ name: name!, keeps: kept!.split(', ').filter((port) => ports.includes(port)) }))
    .filter(({ keeps }) => keeps.length > 0);

const suitesIn = (suites: string[]) =>
  all(suites, /contractOf\((\w+),|describe(?:\.each\(\w+\))?\(`\$\{(\w+)\.name\}/g).map(([, onEach, alone]) => (onEach ?? alone)!);

function uncovered(ports: string[], adapters: { name: string }[], suites: string[], fixtures: string[]) {
  const tested = suitesIn(suites);
  const used = [...suites, ...fixtures].join('\n');
  return {
    ports: ports.filter((port) => !settings.includes(port) && !tested.includes(port)),
    adapters: adapters.filter(({ name }) => !new RegExp(`new ${name}\\(`).test(used)).map(({ name }) => name),
  };
}

describe('Every port', () => {
  const ports = portsIn(sourcesOf('ports'));
  const adapters = adaptersIn(sourcesOf('adapters'), ports);
  const suites = sourcesIn(__dirname, /\.contract\.spec\.ts$/);
  const fixtures = sourcesIn(join(root, 'test/fixtures'), /\.ts$/);

  it('has a contract suite, run on every adapter', () => {
    expect(uncovered(ports, adapters, suites, fixtures)).toEqual({ ports: [], adapters: [] });
  });

  it('is seen: there are ports, adapters and settings to look at', () => {
    expect(ports).toEqual(expect.arrayContaining(['Activations', 'Brands', 'Licenses', ...settings]));
    expect(adapters.map(({ name }) => name)).toEqual(expect.arrayContaining(['MemoryBrands', 'PostgresBrands', 'PepperedKeyMint']));
  });

  it('would be named, and its adapter too, if it had none', () => {
    const planted = portsIn(['export abstract class Homing {\n}']);
    const adapter = adaptersIn(['export class PigeonHoming implements Homing {'], planted);
    expect(uncovered(planted, adapter, suites, fixtures)).toEqual({ ports: ['Homing'], adapters: ['PigeonHoming'] });
  });
});
