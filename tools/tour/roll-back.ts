// Back to the standby, which is still warm: a flip of routing.

import type { Chapter } from './chapter.ts';
import {
  answersBetween,
  bob,
  finished,
  liveVersion,
  type Scene,
  settle,
  standbyVersion,
  type,
  until,
} from './scene.ts';
import { isWhole, writtenBy } from './schema.ts';

const limitMs = 5_000;

export const rollBack: Chapter = {
  title: 'Back to the version before within a moment',
  part: 'core',
  badVersions: [],
  play,
};

async function play(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const [wrong, right] = [liveVersion(scene), standbyVersion(scene)];
  const from = await type(scene, bob, '/rollback');
  const view = await until(scene, right, (each) => finished(each) && each.requestedAt >= from - 1_000);
  check(
    'the rollback is done',
    view.outcome?.kind === 'promoted' && view.outcome.code === 'rollback',
    view.outcome?.sentence ?? 'no outcome',
  );
  await settle(1_000);
  const old = answersBetween(scene, from).filter(({ version }) => version === wrong);
  const lastMs = Math.max(0, ...old.map(({ endedAt }) => endedAt - from));
  check('from the command to the last user request served by the old side', lastMs < limitMs, `${lastMs} ms`);
  const after = answersBetween(scene, from + lastMs + 1);
  check(
    `all users are on ${right} from then on`,
    after.length > 0 && after.every(({ version }) => version === right),
    `${after.length} answers`,
  );
  const written = writtenBy(scene, right, from);
  check(
    `its orders are in the schema that ${wrong} widened, in both shapes`,
    isWhole(written),
    `${written.inBothShapes} of ${written.orders} orders`,
  );
}
