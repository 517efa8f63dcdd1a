// The web page during a real deployment, in real Chromium: what people see, and that all people can read it. It leaves
// pictures in test-output/.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Load, startLoad } from '../../tools/load-client.ts';
import { demoWebToken } from '../../tools/stack/demo-config.ts';
import { placesIn } from '../../tools/stack/places.ts';
import { anyPorts, choosePorts, type Ports } from '../../tools/stack/ports.ts';
import { raiseStack, type Stack } from '../../tools/stack/stack.ts';
import { alice, bob } from '../support/stage.ts';

const executablePath = '/usr/bin/chromium';
const pictures = resolve(import.meta.dirname, '../../test-output');
const folder = mkdtempSync(join(tmpdir(), 'bg-web-'));
const longMs = 60_000;
/** Long enough for several points of the curves. */
const pace = {
  canary: '[{ percent: 10, watch: 12s }, { percent: 50, approval: true }]',
  bake: '2s',
  minRequests: 50,
};

let ports: Ports;
let stack: Stack;
let load: Load;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let base = '';
let deployment = '';
const problems: string[] = [];
const sizes = [
  { name: 'phone', viewport: { width: 390, height: 844 } },
  { name: 'desktop', viewport: { width: 1280, height: 900 } },
] as const;

describe.skipIf(!existsSync(executablePath))('the web page', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    ports = await choosePorts(anyPorts);
    base = `http://127.0.0.1:${ports.web}`;
    stack = await raiseStack(
      { places: placesIn(folder), ports, pace, env: {}, say: () => undefined },
      AbortSignal.timeout(longMs),
    );
    load = startLoad({ url: stack.shop, perSecond: 60, maxMs: 300_000, maxRequests: 20_000 });
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-background-networking'],
    });
    context = await browser.newContext({ viewport: sizes[1].viewport });
    page = await context.newPage();
    watch(page);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await load?.stop();
    await stack?.strike();
    rmSync(folder, { recursive: true, force: true });
  });

  it('asks for the token, takes no other one, and goes where the reader wanted to', async () => {
    await page.goto(`${base}/history`);
    await page.getByLabel('Token').fill('this-is-not-the-token');
    await page.getByLabel('Token').press('Enter');
    await page.getByText('This token is wrong.').waitFor();
    expect(await violations(page)).toEqual([]);
    await picture(page, 'web-sign-in');
    await page.getByLabel('Token').fill(demoWebToken);
    await page.getByLabel('Token').press('Enter');
    await page.getByRole('heading', { name: 'History', exact: true }).waitFor();
    expect(page.url()).toBe(`${base}/history`);
  });

  it('shows the target with both sides', async () => {
    await page.goto(`${base}/`);
    await page.getByText('Everyone is on v1.0.').waitFor();
    await page.getByText('Live', { exact: true }).waitFor({ timeout: longMs });
    await picture(page, 'web-quiet');
  });

  it('draws curves of both sides that move while a canary runs', async () => {
    const asked = stack.engine.deploy({ version: 'v2.1', actor: alice, reason: 'New checkout' });
    if (!asked.ok) throw new Error(asked.refusal.sentence);
    deployment = asked.value.id;
    await page.getByText('10 % of users are on v2.1').waitFor({ timeout: longMs });
    const curves = page.locator('[data-metric="rate"] canvas');
    await curves.waitFor({ timeout: longMs });
    const points = async (): Promise<number> => {
      const trend = await page.locator('[data-trend]').getAttribute('data-trend');
      return (JSON.parse(trend ?? '{"at":[]}') as { at: number[] }).at.length;
    };
    const picturesOf = new Set<string>();
    const drawn = async (): Promise<number> => {
      picturesOf.add(
        String(await curves.evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL())),
      );
      return picturesOf.size;
    };
    await expect.poll(drawn, { timeout: longMs }).toBeGreaterThan(3);
    await expect.poll(points, { timeout: longMs }).toBeGreaterThan(2);
    await page.getByText('Waits for an approval').waitFor({ timeout: longMs });
  });

  for (const { name, viewport } of sizes)
    for (const colorScheme of ['light', 'dark'] as const)
      it(`can be read by all people on a ${name}, ${colorScheme}`, async () => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        for (const [path, title] of [
          ['/', 'now'],
          ['/history', 'history'],
          [`/deployments/${deployment}`, 'deployment'],
          ['/report', 'report'],
          ['/audit', 'audit'],
          ['/targets/shop/production', 'target'],
        ] as const) {
          await page.goto(`${base}${path}`);
          if (title === 'now' || title === 'deployment')
            await page.locator('[data-metric="rate"] canvas').waitFor({ timeout: longMs });
          expect({ path, violations: await violations(page) }).toEqual({ path, violations: [] });
          const wide = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
          expect({ path, wide }).toEqual({ path, wide: expect.toSatisfy((by: number) => by <= 0) });
          await picture(page, `web-${title}-${name}-${colorScheme}`);
        }
      });

  it('is usable with the keyboard alone, and an update takes nothing from it', async () => {
    await page.setViewportSize(sizes[1].viewport);
    await page.goto(`${base}/`);
    const focused = () => page.evaluate('document.activeElement?.textContent?.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('shop');
    const figures = page.locator('.curves summary');
    await figures.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.curves details').getAttribute('open')).not.toBeNull();
    const approved = stack.engine.approve({ id: deployment }, bob);
    expect(approved.ok).toBe(true);
    await page.getByText('Everyone is on v2.1.').waitFor({ timeout: longMs });
    await expect.poll(() => stack.engine.deployment(deployment)?.outcome?.kind, { timeout: longMs }).toBe('promoted');
  });

  it('finds the deployment again, with its curves', async () => {
    await page.goto(`${base}/history`);
    await page.getByLabel('Version or person').fill('v2.1');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'v2.1' }).click();
    await page.getByRole('heading', { name: /v2\.1/ }).waitFor();
    await page.locator('[data-metric="errors"] canvas').waitFor({ timeout: longMs });
    await page.getByText('promoted').first().waitFor();
    await picture(page, 'web-promoted');
  });

  it('shows in the audit log that a wrong token came', async () => {
    const isCounted = (): boolean => {
      const found = stack.engine.audit.search({});
      return found.ok && found.value.newest(500).some(({ sentence }) => /1 request .*127\.0\.0\.1/.test(sentence));
    };
    await expect.poll(isCounted, { timeout: 120_000, interval: 500 }).toBe(true);
    await page.goto(`${base}/audit`);
    await page.getByText(/1 request .*127\.0\.0\.1/).waitFor();
  });

  it('lost no request of the users, and nothing went wrong in the page', async () => {
    const tally = await load.stop();
    expect(tally.lost).toBe(0);
    expect(tally.sent).toBeGreaterThan(100);
    console.log(`${tally.sent} requests, ${tally.lost} lost`);
    expect(problems).toEqual([]);
  });
});

function watch(of: Page): void {
  of.on('pageerror', (error) => problems.push(String(error)));
  of.on('console', (message) => {
    // What Chromium says of the sign-in page, which is a 401.
    if (message.type() === 'error' && !message.text().includes('401')) problems.push(message.text());
  });
}

async function violations(of: Page): Promise<readonly string[]> {
  // Evaluated by the debugger: the page's own rules allow no script from outside.
  await of.evaluate(axe.source);
  const found = (await of.evaluate('axe.run(document)')) as {
    readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
  };
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

async function picture(of: Page, name: string): Promise<void> {
  await of.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}
