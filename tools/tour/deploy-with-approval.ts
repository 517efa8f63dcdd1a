// CI announces a build; a canary deploys it, which a person other than the one who clicked Deploy must approve.

import { readEvent } from '@bg/engine';
import { flippedUsers } from '../load-client.ts';
import type { Chapter } from './chapter.ts';
import {
  alice,
  answersBetween,
  bob,
  finished,
  press,
  proofOf,
  reads,
  type Scene,
  seenBy,
  shareOf,
  until,
  versionsOf,
} from './scene.ts';
import { timeOfDay } from './transcript.ts';

/** Built by CI and nowhere else, before it is fetched. */
export const announcedVersion = 'v2.1';
const version = announcedVersion;

export const deployWithApproval: Chapter = {
  title: `CI announces ${version}: Deploy is clicked; a canary, an approval by another person, and all users on ${version}`,
  part: 'core',
  badVersions: [],
  play,
};

async function play(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const from = await announceAndDeploy(scene);
  const card = await reads(scene, /v2\.1.*needs approval/i);
  await press(scene, alice, card, 'approve');
  await seenBy(scene, alice, /four-eyes/);
  const still = await until(scene, version, () => true);
  check(
    'who asked cannot approve: refused for alice’s eyes only',
    still.approval?.status === 'pending',
    `approval is ${still.approval?.status}`,
  );
  const share = shareOf(scene, version, from);
  check(
    `a tenth of the users is on ${version}, and only they`,
    share > 0.03 && share < 0.2,
    `${Math.round(share * 100)} % of the people`,
  );
  await press(scene, bob, await reads(scene, /v2\.1.*needs approval/i), 'approve');
  const view = await until(scene, version, finished);
  check(`${version} is promoted`, view.outcome?.kind === 'promoted', view.outcome?.sentence ?? 'no outcome');
  check('the receipt proves it through the load balancer', view.receipt?.proved === true, proofOf(view));
  await reads(scene, /v2\.1: live\./);
  const since = answersBetween(scene, from);
  const flipped = flippedUsers(since);
  check('no user was sent back and forth between the sides', flipped.length === 0, `${flipped.length} people`);
  const versions = versionsOf(since);
  check('two versions served them, and no other', versions.length === 2, versions.join(', '));
}

/** Resolves with the time at which Deploy was clicked (epoch ms). */
async function announceAndDeploy(scene: Scene): Promise<number> {
  const { checks, print, stack } = scene;
  if (stack.ci === undefined) throw new Error('there is no CI that could announce anything');
  print(`  ${timeOfDay(Date.now())} CI announces ${version}, by a signed webhook`);
  const announced = await stack.ci.announce(version);
  const card = await reads(scene, /v2\.1: built, ready/);
  checks.check(
    'the signed webhook became a card with a Deploy button',
    JSON.stringify(card.blocks).includes('Deploy to production'),
    `${Date.now() - announced.at} ms after it was sent`,
  );
  const from = Date.now();
  await press(scene, alice, card, 'deploy-build:production');
  const view = await until(scene, version, ({ phase }) => phase !== 'fetching');
  const events = stack.engine.audit.after(0, 10_000).flatMap((row) => readEvent(row) ?? []);
  const fetched = events
    .filter((event) => event.action === 'release-fetched')
    .find(({ detail }) => detail.version === version);
  checks.check(
    'its files were fetched from CI, and are the ones that were announced',
    fetched?.detail.sha256 === announced.sha256 && view.digest !== undefined,
    `${fetched?.sentence ?? view.outcome?.sentence ?? 'nothing was fetched'}, sha256 ${announced.sha256.slice(0, 12)}…`,
  );
  return from;
}
