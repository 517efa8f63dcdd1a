// Socket Mode against Bolt's own client.
import { App, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { afterEach, describe, expect, test } from 'vitest';
import { APP_TOKEN, BOT_TOKEN, clientOptions, MANIFEST, startWorkspace, until } from './testing/workspace.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

describe('a Bolt app in Socket Mode', () => {
  test('gets commands over its socket, answers them there, and comes back after a refresh', async () => {
    const manifest = { ...MANIFEST, settings: { ...MANIFEST.settings, socket_mode_enabled: true } };
    const simulator = await startWorkspace({ manifest });
    open.push(simulator);
    const receiver = new SocketModeReceiver({
      appToken: APP_TOKEN,
      clientPingTimeout: 200,
      logLevel: LogLevel.ERROR,
      installerOptions: { clientOptions: clientOptions(simulator) },
    });
    const app = new App({
      token: BOT_TOKEN,
      receiver,
      logLevel: LogLevel.ERROR,
      clientOptions: clientOptions(simulator),
      deferInitialization: true,
    });
    app.command('/deploy', async ({ ack, command }) => ack(`heard ${command.text}`));
    await app.init();
    await app.start();
    open.push({ close: async () => void (await app.stop()) });
    const first = await simulator.command({ user: 'alice', channel: 'deploys', command: '/deploy', text: 'v1' });
    expect(first).toMatchObject({ status: 200 });
    expect(simulator.messages({ user: 'alice', channel: 'deploys' }).map((message) => message.text)).toEqual([
      'heard v1',
    ]);
    expect(simulator.deliveries()[0]).toMatchObject({ transport: 'socket' });
    simulator.disconnectSockets('refresh_requested');
    await until(() => simulator.connectedSockets() === 0);
    expect(
      await simulator.command({ user: 'alice', channel: 'deploys', command: '/deploy', text: 'v2' }),
    ).toMatchObject({ error: 'dispatch_failed' });
    await until(() => simulator.connectedSockets() === 1);
    expect(
      await simulator.command({ user: 'alice', channel: 'deploys', command: '/deploy', text: 'v3' }),
    ).toMatchObject({ status: 200 });
  });
});
