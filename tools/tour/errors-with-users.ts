// A release that passes every test and answers real users with errors: the judge sees it in the canary.

import type { Chapter } from './chapter.ts';
import { alice, answersBetween, finished, liveVersion, type Scene, settle, shareOf, type, until } from './scene.ts';

const version = 'v2.4-errors';

export const errorsWithUsers: Chapter = {
  title: 'A release that fails with real users is taken back',
  part: 'rest',
  badVersions: [version],
  play,
};

async function play(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const before = liveVersion(scene);
  const from = await type(scene, alice, '/deploy', version);
  const view = await until(scene, version, finished);
  check(
    'the judge took it back',
    view.outcome?.kind === 'aborted' || view.outcome?.kind === 'failed',
    view.outcome?.sentence ?? '',
  );
  const share = shareOf(scene, version, from);
  check('only the canary’s users met it', share > 0 && share < 0.2, `${Math.round(share * 100)} % of the people`);
  await settle(500);
  const after = answersBetween(scene, Date.now() - 300);
  check(
    `its users are back on ${before}`,
    after.length > 0 && after.every((each) => each.version === before),
    `${after.length} answers`,
  );
}
