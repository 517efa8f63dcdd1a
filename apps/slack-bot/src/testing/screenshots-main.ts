// `npm run screenshots`: every state of a card in the page of the simulator, on a phone and on a desktop, light and dark. The pictures
// go to the folder that the argument names, or to test-output/screenshots.

import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WebClient } from '@slack/web-api';
import { chromium, type Page } from 'playwright-core';
import { startSimulator } from '../../../../tools/simulator/index.ts';
import type { Card } from '../cards/blocks.ts';
import { deploymentCard } from '../cards/deployment-card.ts';
import { historyCard } from '../cards/history-card.ts';
import { type IncidentFacts, incidentCard } from '../cards/incident-card.ts';
import { mentionFormatter } from '../cards/people-formatter.ts';
import { statusCard } from '../cards/status-card.ts';
import { buildManifest } from '../slack/manifest.ts';
import { targetView } from './target-views.ts';
import { everyView, noon, people, trend } from './views.ts';

/** As high as the longest card: the page shows a part of it otherwise. */
const sizes = { 390: { width: 390, height: 2600 }, 1280: { width: 1280, height: 2000 } } as const;
const channel = 'C0DEPLOYS';
const botToken = 'xoxb-simulator-screenshots';
const formatter = mentionFormatter(people);

function everyCard(): ReadonlyMap<string, Card> {
  const cards = new Map<string, Card>();
  for (const [name, view] of Object.entries(everyView)) {
    const isSeen = view.observation !== undefined || view.outcome?.kind === 'rolled-back';
    cards.set(name, deploymentCard(view, formatter, isSeen ? { trend: trend() } : {}));
  }
  const live = everyView.promoted as NonNullable<(typeof everyView)[string]>;
  const end = { kind: 'replaced', version: 'v2.2', at: noon } as const;
  cards.set('replaced', deploymentCard(live, formatter, { end }));
  const incident: IncidentFacts = {
    ...{ service: 'shop', target: 'production', name: 'shop', channel, slot: 'blue', version: 'v2.0', isLive: true },
    ...{ firstSeq: 7, lastSeq: 19, firstAt: noon, lastAt: noon + 240_000, crashes: 4, restarts: 4, acted: undefined },
    ...{ sentence: 'v2.0 in blue (active) crashed (exit code 1)', wellSince: undefined, over: undefined },
  };
  cards.set('incident', incidentCard(incident, { target: targetView(), deployment: live, onCall: ['bob'] }, formatter));
  cards.set('history', historyCard({ name: 'shop', deployments: Object.values(everyView), active: 'v2.1' }, formatter));
  cards.set('status', statusCard({ at: noon, driver: 'bot@host', targets: [targetView()], warnings: [] }, formatter));
  return cards;
}

async function main(): Promise<void> {
  const folder = resolve(process.argv[2] ?? 'test-output/screenshots');
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`There is no Chromium at ${executablePath}: set CHROMIUM.`);
  mkdirSync(folder, { recursive: true });
  const simulator = await startSimulator({
    ...{ signingSecret: 'simulator-signing-secret', botToken, appToken: 'xapp-simulator-screenshots' },
    manifest: buildManifest({ url: 'http://127.0.0.1:3000' }),
  });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--headless', '--disable-gpu'] });
  try {
    const client = new WebClient(botToken, { slackApiUrl: simulator.apiUrl });
    const cards = everyCard();
    for (const { text, blocks } of cards.values())
      await client.chat.postMessage({ channel, text, blocks: [...blocks] as never[] });
    for (const [width, viewport] of Object.entries(sizes))
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ viewport, colorScheme });
        await page.goto(simulator.url);
        await picture(page, [...cards.keys()], (name) =>
          join(folder, `${name.replaceAll(' ', '-')}-${width}-${colorScheme}.png`),
        );
        await page.close();
      }
  } finally {
    await browser.close();
    await simulator.close();
  }
  console.log(`The pictures are in ${folder}.`);
}

/** The messages are in the order in which they were posted. */
async function picture(page: Page, names: readonly string[], fileOf: (name: string) => string): Promise<void> {
  const articles = page.getByRole('article');
  await articles.nth(names.length - 1).waitFor();
  const more = (await articles.count()) - names.length;
  for (const [index, name] of names.entries()) await articles.nth(index + more).screenshot({ path: fileOf(name) });
}

await main();
