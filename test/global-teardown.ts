export default async function tearDown(): Promise<void> {
  for (const stop of globalThis.stopServers.reverse()) await stop();
}
