// `npm run tour`: the whole system shown and proved without hands, under load, in less than three minutes, on any load
// balancer. It runs on free ports in a separate folder, and ends with 0 only when everything holds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, startLoad } from './load-client.ts';
import { brisk } from './stack/demo-config.ts';
import { endWithin, untilSignalled } from './stack/ending.ts';
import { type Places, placesIn } from './stack/places.ts';
import { anyPorts, choosePorts } from './stack/ports.ts';
import { raiseStack } from './stack/stack.ts';
import { closeTheBooks, leastPerSecond } from './tour/accounts.ts';
import { checkBalancer, checkNothingIsLeft, whatIsMissing } from './tour/balancer.ts';
import { chaptersOf } from './tour/chapters.ts';
import { createChecks } from './tour/checks.ts';
import { announcedVersion } from './tour/deploy-with-approval.ts';
import { type TourOptions, tourOptions } from './tour/options.ts';
import { type Scene, settle } from './tour/scene.ts';
import { printConversation } from './tour/transcript.ts';

const limitMs = 170_000;
const stopLimitMs = 40_000;
const perSecond = leastPerSecond + 20;

const print = (line: string): void => console.log(line);

async function main(): Promise<void> {
  const asked = tourOptions(process.argv.slice(2));
  if (asked.kind === 'not understood') return give(2, asked.why);
  const { options } = asked;
  const missing = whatIsMissing(options.loadBalancer, process.env.PATH ?? '');
  if (missing !== undefined) return give(1, missing);
  await tour(options);
}

async function tour(options: TourOptions): Promise<void> {
  const startedAt = Date.now();
  const stopping = AbortSignal.any([untilSignalled(), AbortSignal.timeout(limitMs)]);
  const places = placesIn(mkdtempSync(join(tmpdir(), 'bg-tour-')));
  const checks = createChecks(print);
  try {
    const ports = await choosePorts(anyPorts);
    const { loadBalancer } = options;
    print(`The stack comes up in ${places.folder}, on free ports, with ${loadBalancer} as its load balancer.`);
    const say = (line: string): void => print(`  ${line}`);
    // A contract waits here only for the standby.
    const own = { pace: brisk, rollbackFor: '0s', loadBalancer, fromCi: [announcedVersion] };
    const stack = await raiseStack({ places, ports, ...own, env: process.env, say }, stopping);
    await play({ stack, checks, print, signal: stopping, places }, options);
    endWithin(stopLimitMs);
    await stack.strike();
    await checkNothingIsLeft(checks, places.folder);
  } catch (thrown) {
    checks.check('the tour comes to its end', false, stopping.aborted ? whyAborted(stopping) : String(thrown));
  }
  // When something is wrong, the folder stays for inspection.
  if (checks.failed().length === 0) rmSync(places.folder, { recursive: true, force: true });
  sumUp(checks.passed(), checks.failed(), { places, seconds: Math.round((Date.now() - startedAt) / 1_000) });
}

async function play(given: Omit<Scene, 'answers'>, options: TourOptions): Promise<void> {
  const answers: Answer[] = [];
  const scene: Scene = { ...given, answers };
  const chapters = chaptersOf(options);
  const badVersions = chapters.flatMap((chapter) => chapter.badVersions);
  const over = new AbortController();
  const talking = printConversation(scene.stack.simulator, print, over.signal);
  const load = startLoad({
    url: scene.stack.shop,
    perSecond,
    maxMs: limitMs,
    maxRequests: (limitMs / 1_000) * perSecond,
    badVersions,
    onAnswer: (answer) => answers.push(answer),
  });
  await settle(500);
  try {
    await checkBalancer(scene, options.loadBalancer);
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
  closeTheBooks(scene, tally, badVersions);
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
  endWithin(10_000);
}

function give(code: number, sentence: string): void {
  console.error(sentence);
  process.exitCode = code;
}

await main();
