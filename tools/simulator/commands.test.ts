// Which commands reach the app: those of its manifest, and those that other chat programs would send though Slack would not.
import { afterEach, expect, test } from 'vitest';
import type { Simulator } from './index.ts';
import { startBoltApp, startWorkspace } from './testing/workspace.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function workspaceThatHears(command: string, options: Parameters<typeof startWorkspace>[0] = {}) {
  const heard: string[] = [];
  const simulator = await startWorkspace(options);
  open.push(simulator);
  const app = await startBoltApp(simulator, (bolt) => {
    bolt.command(command, async ({ ack, command: { text } }) => {
      heard.push(text);
      await ack();
    });
  });
  open.push({ close: app.stop });
  return { simulator, heard };
}

const said = (simulator: Simulator) =>
  simulator.messages({ user: 'alice', channel: 'deploys' }).map((message) => message.text);

test('/status, which no manifest may name, can be typed and reaches the app', async () => {
  const { simulator, heard } = await workspaceThatHears('/status');
  const result = await simulator.command({ user: 'alice', channel: 'deploys', command: '/status', text: 'a & b' });
  expect(result).toMatchObject({ status: 200 });
  expect(heard).toEqual(['a &amp; b']);
});

test('a workspace that keeps it to itself, and any other unknown command, says so and sends nothing', async () => {
  const { simulator, heard } = await workspaceThatHears('/status', { unlistedCommands: [] });
  for (const command of ['/status', '/deplyo']) {
    expect(await simulator.command({ user: 'alice', channel: 'deploys', command })).toMatchObject({
      error: 'unknown_command',
    });
    expect(said(simulator).at(-1)).toContain(`\`${command}\` is not a valid command`);
  }
  expect([heard, simulator.deliveries()]).toEqual([[], []]);
});
