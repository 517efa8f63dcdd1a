// A click on Next comes through HTTP, and the answer shows what is on the next page of the list.

import { freePorts } from '@bg/engine/test-kit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { alice, buttonOn, channel, setWorkspace, textOf, type Workspace, whispered } from '../testing/workspace.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const patience = { timeoutMs: 60_000 };
const others = 13;

let workspace: Workspace;
beforeAll(async () => {
  const ports = await freePorts(3 * others);
  const further = Array.from({ length: others }, (_, at) => {
    const [blue, green, listen] = ports.slice(3 * at, 3 * at + 3);
    return `      region-${at}:
        slots: { blue: { port: ${blue} }, green: { port: ${green} } }
        loadBalancer: { driver: embedded, listen: 127.0.0.1:${listen} }\n`;
  });
  const target = `\n        default: true\n        canary: []\n        bake: 1s\n${further.join('')}`;
  workspace = await setWorkspace({ target });
});
afterAll(() => workspace?.strike());

test('Next under a status shows the targets after it, and Previous leads back', async () => {
  await workspace.slack.command({ user: alice, channel, command: '/deploy-status', text: '' });
  const first = await whispered(workspace.slack, alice, /1 to 12 of 14 targets/);
  const turn = (messageTs: string, way: string) =>
    workspace.slack.click({ user: alice, channel, messageTs, actionId: `deploy.status-page:${way}` });
  await turn(first.ts, 'next');
  const second = await whispered(workspace.slack, alice, /13 to 14 of 14 targets/);
  expect(textOf(second)).toContain('region-12');
  expect(buttonOn(second, 'status-page:next')).toBeUndefined();
  await turn(second.ts, 'previous');
  await workspace.slack.waitFor(
    (messages) => messages.filter((one) => one.isEphemeral && /1 to 12 of 14/.test(textOf(one))).length === 2,
    { ...patience, user: alice, channel },
  );
});

test('Next in Home shows the targets after it', async () => {
  const home = () => JSON.stringify(workspace.slack.home(alice) ?? {});
  await workspace.slack.openHome(alice);
  await workspace.slack.waitFor(() => home().includes('1 to 12 of 14 targets'), patience);
  const viewId = String(workspace.slack.home(alice)?.id);
  await workspace.slack.click({ user: alice, viewId, actionId: 'deploy.home-page:targets:next' });
  await workspace.slack.waitFor(() => home().includes('13 to 14 of 14 targets'), patience);
});
