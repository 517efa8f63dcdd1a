// A new version by a canary, which somebody else than its asker must approve.

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
  shareOf,
  told,
  type,
  until,
  versionsOf,
} from './scene.ts';

const version = 'v2.1';

export const deployWithApproval: Chapter = {
  title: `A canary, an approval by somebody else, and everybody on ${version}`,
  part: 'core',
  badVersions: [],
  play,
};

async function play(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const from = await type(scene, alice, '/deploy', version);
  const card = await reads(scene, /v2\.1.*needs approval/i);
  await press(scene, alice, card, 'approve');
  await told(scene, alice, /four-eyes/);
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
  check('nobody was sent back and forth between the sides', flipped.length === 0, `${flipped.length} people`);
  const versions = versionsOf(since);
  check('two versions served them, and no other', versions.length === 2, versions.join(', '));
}
