// A release that answers its health check and fails its smoke tests.

import type { Chapter } from './chapter.ts';
import { alice, finished, type Scene, type, until } from './scene.ts';

const version = 'v2.2-broken-smoke';

export const brokenSmoke: Chapter = {
  title: 'A release that fails its smoke tests never meets a user',
  part: 'rest',
  badVersions: [],
  play,
};

async function play(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  await type(scene, alice, '/deploy', version);
  const view = await until(scene, version, finished);
  check(
    'it is given up',
    view.outcome?.kind === 'failed' || view.outcome?.kind === 'aborted',
    view.outcome?.sentence ?? '',
  );
  const byUsers = scene.answers.filter((each) => each.version === version).length;
  const itself = await askShop(scene, view.slot);
  check('no user was answered by it', byUsers === 0, `${byUsers} of ${scene.answers.length} answers`);
  check('and it says so itself', itself === 0, `it counted ${itself ?? 'nothing, it is stopped:'} requests of users`);
}

/** The shop's own count of users' requests on this side; undefined when it does not run. */
async function askShop({ stack: { engine } }: Scene, slot: string): Promise<number | undefined> {
  const port = engine.status().targets[0]?.slots.find((each) => each.slot === slot)?.port;
  const answer = await fetch(`http://127.0.0.1:${port}/api/stats`, { signal: AbortSignal.timeout(2_000) }).catch(
    () => undefined,
  );
  if (!answer?.ok) return undefined;
  return ((await answer.json()) as { userRequests: number }).userRequests;
}
