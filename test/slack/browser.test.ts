// A person's whole day in the browser: real Chromium, the page of the Slack simulator, the real bot, engine and shop.
// It leaves pictures in test-output/.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Load, startLoad } from '../../tools/load-client.ts';
import { brisk } from '../../tools/stack/demo-config.ts';
import { placesIn } from '../../tools/stack/places.ts';
import { anyPorts, choosePorts } from '../../tools/stack/ports.ts';
import { raiseStack, type Stack } from '../../tools/stack/stack.ts';

const executablePath = '/usr/bin/chromium';
const pictures = resolve(import.meta.dirname, '../../test-output');
const folder = mkdtempSync(join(tmpdir(), 'bg-page-'));
const longMs = 40_000;

let stack: Stack;
let load: Load;
let browser: Browser;
let page: Page;
const problems: string[] = [];

describe.skipIf(!existsSync(executablePath))('a day in the browser', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    const ports = await choosePorts(anyPorts);
    const say = (): void => undefined;
    stack = await raiseStack(
      { places: placesIn(folder), ports, pace: brisk, env: {}, say, fromCi: ['v2.1'] },
      AbortSignal.timeout(longMs),
    );
    load = startLoad({ url: stack.shop, perSecond: 60, maxMs: 300_000, maxRequests: 20_000 });
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-background-networking'],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await page.goto(stack.simulator.url);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await load?.stop();
    await stack?.strike();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows the channel, with the first release live', async () => {
    await card('shop v1.0').waitFor({ timeout: longMs });
    await picture('1-first-release');
  });

  it('shows a build that CI announces, and asks before it is deployed', async () => {
    await stack.ci?.announce('v2.1');
    await card('shop v2.1 · built').waitFor({ timeout: longMs });
    await picture('1a-build-ready');
    await button('Deploy to production').click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor({ timeout: longMs });
    expect(await dialog.textContent()).toContain('where v1.0 is live');
    await picture('1b-build-are-you-sure');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  it('as alice, /deploy v2.1 becomes one card that asks for approval', async () => {
    await as('alice');
    await page.getByLabel('Message', { exact: true }).fill('/deploy v2.1');
    await picture('2-typing');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await button('Approve').waitFor({ timeout: longMs });
    await picture('3-needs-approval');
    expect(await card('shop v2.1').filter({ hasText: 'needs approval' }).count()).toBe(1);
  });

  it('alice cannot approve what she asked for, and only she gets the answer', async () => {
    await button('Approve').click();
    const refused = page
      .getByRole('article')
      .filter({ hasText: 'Only visible to you' })
      .filter({ hasText: /cannot approve/ });
    await refused.first().waitFor({ timeout: longMs });
    await picture('4-refused');
    await as('bob');
    await expect.poll(() => refused.count()).toBe(0);
    expect(await button('Approve').isVisible()).toBe(true);
  });

  it('as bob, Approve moves all users, and the card says so', async () => {
    await button('Approve').click();
    await card('shop v2.1').filter({ hasText: 'canary 50 %' }).waitFor({ timeout: longMs });
    await picture('5-half');
    await card('shop v2.1').filter({ hasText: '· live' }).filter({ hasText: 'stays in' }).waitFor({ timeout: longMs });
    await expect.poll(version, { timeout: longMs }).toBe('v2.1');
    await card('shop v2.1 · live').filter({ hasText: 'files from' }).waitFor({ timeout: longMs });
    await picture('6-live');
  });

  it('Roll back asks first, says what it does, and takes all users back', async () => {
    const rollback = card('shop v2.1').getByRole('button', { name: 'Roll back' }).last();
    await rollback.waitFor({ timeout: longMs });
    await rollback.click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor({ timeout: longMs });
    expect(await dialog.textContent()).toContain('v1.0');
    await picture('7-are-you-sure');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await expect.poll(version, { timeout: longMs }).toBe('v1.0');
    await card('back to v1.0 · live').waitFor({ timeout: longMs });
    await picture('8-back');
  });

  it('fits a phone, shows the thread and the Home tab', async () => {
    await page
      .getByRole('button', { name: /repl(y|ies)/ })
      .first()
      .click();
    await page.getByRole('complementary', { name: 'Thread' }).waitFor({ timeout: longMs });
    await picture('9-thread');
    await page.setViewportSize({ width: 390, height: 844 });
    await picture('10-phone');
    const wide = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect(wide).toBeLessThanOrEqual(0);
  });

  it('lost no request of the users, and nothing went wrong in the page', async () => {
    const tally = await load.stop();
    expect(tally.problems).toEqual([]);
    expect(tally.lost).toBe(0);
    expect(tally.sent).toBeGreaterThan(100);
    expect(problems).toEqual([]);
  });
});

const card = (text: string): Locator => page.getByRole('article').filter({ hasText: text });
const button = (name: string): Locator => page.getByRole('button', { name, exact: true }).last();

async function as(name: string): Promise<void> {
  await page.getByRole('radiogroup', { name: 'Account' }).getByRole('radio', { name }).click();
}

async function picture(name: string): Promise<void> {
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

async function version(): Promise<string | undefined> {
  const answer = await fetch(`${stack.shop}/health`);
  return ((await answer.json()) as { version?: string }).version;
}
