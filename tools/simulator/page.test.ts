// The page in a real browser, with a Bolt app behind it: what a person types, clicks and sees, and what stays inert.

import { existsSync } from 'node:fs';
import type { App } from '@slack/bolt';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from './index.ts';
import { BOT_TOKEN, startBoltApp, startWorkspace } from './testing/workspace.ts';

const executablePath = '/usr/bin/chromium';
const waitMs = 60_000;
const open: { close(): Promise<void> }[] = [];
let browser: Browser;

describe.skipIf(!existsSync(executablePath))('the page', () => {
  beforeAll(async () => {
    const args = ['--no-sandbox', '--headless', '--disable-gpu', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath, args });
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });

  test('completes a command, sends it, and shows an ephemeral answer only to that account', async () => {
    const { page } = await stand((app) => {
      app.command('/deploy', async ({ ack, command }) =>
        ack({ response_type: 'ephemeral', text: `for ${command.user_id} only: ${command.text}` }),
      );
    });
    await composer(page).pressSequentially('/dep');
    await page
      .getByRole('option', { name: /\/deploy/ })
      .first()
      .waitFor({ timeout: waitMs });
    await composer(page).press('Tab');
    await composer(page).pressSequentially('v2.1');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('for U0ALICE only: v2.1').waitFor({ timeout: waitMs });
    await as(page, 'bob');
    await page.getByText('for U0ALICE only').waitFor({ state: 'hidden', timeout: waitMs });
  });

  test('asks before a button that wants it, and sends nothing when the person says no', async () => {
    const clicked: string[] = [];
    const { page, simulator } = await stand((app) => {
      app.action('deploy.abort', async ({ ack, body }) => {
        await ack();
        clicked.push(body.user.id);
      });
    });
    await post(simulator, {
      text: 'a card',
      blocks: [
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              action_id: 'deploy.abort',
              text: { type: 'plain_text', text: 'Abort' },
              confirm: {
                title: { type: 'plain_text', text: 'Abort v2.1?' },
                text: { type: 'mrkdwn', text: 'All users get *v1.0*.' },
                confirm: { type: 'plain_text', text: 'Abort it' },
                deny: { type: 'plain_text', text: 'Cancel' },
              },
            },
          ],
        },
      ],
    });
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Abort', exact: true }).click();
    await dialog.getByText('All users get').waitFor({ timeout: waitMs });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(clicked).toEqual([]);
    await page.getByRole('button', { name: 'Abort', exact: true }).click();
    await dialog.getByRole('button', { name: 'Abort it' }).click();
    await expect.poll(() => clicked, { timeout: waitMs }).toEqual(['U0ALICE']);
  });

  test('keeps a form open with the words of the app below the field, and closes it when all is well', async () => {
    const { page } = await stand((app) => {
      app.command('/deploy', async ({ ack, client, body }) => {
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view: form });
      });
      app.view('reason', async ({ ack, view }) => {
        const text = view.state.values.why?.text?.value ?? '';
        if (text.length < 5) await ack({ response_action: 'errors', errors: { why: 'a few more words, please' } });
        else await ack();
      });
    });
    await composer(page).fill('/deploy');
    await page.getByRole('button', { name: 'Send' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why').fill('no');
    await dialog.getByRole('button', { name: 'Send it' }).click();
    await dialog.getByText('a few more words, please').waitFor({ timeout: waitMs });
    await dialog.getByLabel('Why').fill('prices are wrong');
    await dialog.getByRole('button', { name: 'Send it' }).click();
    await dialog.waitFor({ state: 'hidden', timeout: waitMs });
  });

  test('opens a thread next to the channel', async () => {
    const { page, simulator } = await stand(() => {});
    const first = await post(simulator, { text: 'the card' });
    await post(simulator, { text: 'a line of its log', thread_ts: first });
    await page.getByRole('button', { name: /1 reply/ }).click();
    const pane = page.getByRole('complementary', { name: 'Thread' });
    await pane.getByText('a line of its log').waitFor({ timeout: waitMs });
  });

  test('shows hostile text as text: no element, no script, no link that acts', async () => {
    const { page, simulator } = await stand(() => {});
    const hostile =
      'look: &lt;img src=x onerror="document.title=1"&gt; <javascript:document.title=2|press me> <https://example.com|safe>';
    await post(simulator, {
      text: hostile,
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: `${hostile} <script>document.title=3</script>` } }],
    });
    const card = page.getByRole('article').last();
    await card.getByText('press me').waitFor({ timeout: waitMs });
    expect(await card.locator('script, img[src="x"], a[href^="javascript"]').count()).toBe(0);
    expect(await card.getByRole('link', { name: 'safe' }).getAttribute('href')).toContain('https://example.com');
    expect(await page.title()).not.toMatch(/[123]$/);
  });
});

const form = {
  type: 'modal' as const,
  callback_id: 'reason',
  title: { type: 'plain_text' as const, text: 'Reject' },
  submit: { type: 'plain_text' as const, text: 'Send it' },
  blocks: [
    {
      type: 'input' as const,
      block_id: 'why',
      label: { type: 'plain_text' as const, text: 'Why' },
      element: { type: 'plain_text_input' as const, action_id: 'text' },
    },
  ],
};

async function stand(arm: (app: App) => void): Promise<{ page: Page; simulator: Simulator }> {
  const simulator = await startWorkspace();
  open.push(simulator);
  const app = await startBoltApp(simulator, arm);
  open.push({ close: app.stop });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  open.push({ close: () => page.close() });
  await page.goto(simulator.url);
  await as(page, 'alice');
  return { page, simulator };
}

const composer = (page: Page) => page.getByLabel('Message', { exact: true });

async function as(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name }).check({ force: true });
}

/** As the app would, over the Web API. */
async function post(simulator: Simulator, message: object): Promise<string> {
  const answer = await fetch(`${simulator.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${BOT_TOKEN}`, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ channel: 'C0DEPLOYS', ...message }),
  });
  const body = (await answer.json()) as { ok: boolean; ts: string; error?: string };
  expect(body).toMatchObject({ ok: true });
  return body.ts;
}
