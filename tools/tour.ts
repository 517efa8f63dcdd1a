// `npm run tour`: the whole system shown and proved without hands, under load, in less than three minutes. It runs on
// free ports in a folder of its own, and ends with 0 only when everything holds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, startLoad } from './load-client.ts';
import { brisk } from './stack/demo-config.ts';
import { endWithin, untilTold } from './stack/ending.ts';
import { type Places, placesIn } from './stack/places.ts';
import { anyPorts, choosePorts } from './stack/ports.ts';
import { raiseStack } from './stack/stack.ts';
import { closeTheBooks, leastPerSecond } from './tour/accounts.ts';
import { chapters } from './tour/chapters.ts';
import { createChecks } from './tour/checks.ts';
import { type Scene, settle } from './tour/scene.ts';
import { printConversation } from './tour/transcript.ts';

const limitMs = 170_000;
const stopLimitMs = 20_000;
const perSecond = leastPerSecond + 20;

const print = (line: string): void => console.log(line);

async function main(): Promise<void> {
  const startedAt = Date.now();
  const told = AbortSignal.any([untilTold(), AbortSignal.timeout(limitMs)]);
  const places = placesIn(mkdtempSync(join(tmpdir(), 'bg-tour-')));
  const checks = createChecks(print);
  try {
    const ports = await choosePorts(anyPorts);
    print(`The stack comes up in ${places.folder}, on free ports.`);
    const stack = await raiseStack(
      { places, ports, pace: brisk, env: process.env, say: (line) => print(`  ${line}`) },
      told,
    );
    await play({ stack, checks, print, signal: told, places });
    endWithin(stopLimitMs);
    await stack.strike();
  } catch (thrown) {
    checks.check('the tour comes to its end', false, told.aborted ? whyAborted(told) : String(thrown));
  }
  // Kept to be looked at, when something is wrong.
  if (checks.failed().length === 0) rmSync(places.folder, { recursive: true, force: true });
  sumUp(checks.passed(), checks.failed(), { places, seconds: Math.round((Date.now() - startedAt) / 1_000) });
}

async function play({ places, ...given }: Omit<Scene, 'answers'> & { readonly places: Places }): Promise<void> {
  const answers: Answer[] = [];
  const scene: Scene = { ...given, answers };
  const over = new AbortController();
  const talking = printConversation(scene.stack.simulator, print, over.signal);
  const load = startLoad({
    url: scene.stack.shop,
    perSecond,
    maxMs: limitMs,
    maxRequests: (limitMs / 1_000) * perSecond,
    badVersions: ['v2.4-errors'],
    onAnswer: (answer) => answers.push(answer),
  });
  await settle(500);
  try {
    for (const [index, { title, play: act }] of chapters.entries()) {
      print(`\n${index + 1}. ${title}`);
      await act(scene);
    }
  } catch (thrown) {
    given.checks.check(
      'every chapter comes to its end',
      false,
      given.signal.aborted ? whyAborted(given.signal) : String(thrown),
    );
  }
  const tally = await load.stop();
  over.abort();
  await talking;
  print('\nThe books');
  closeTheBooks(scene, tally, places.ledger);
}

function whyAborted({ reason }: AbortSignal): string {
  return reason instanceof Error && reason.name === 'TimeoutError' ? `not within ${limitMs / 1_000} s` : String(reason);
}

function sumUp(
  passed: number,
  failed: readonly string[],
  { places, seconds }: { places: Places; seconds: number },
): void {
  print(`\n${passed} checks hold, ${failed.length} do not, in ${seconds} s.`);
  for (const each of failed) print(`  ✗ ${each}`);
  if (failed.length > 0) print(`  What was left: ${places.folder}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
  endWithin(2_000);
}

await main();
