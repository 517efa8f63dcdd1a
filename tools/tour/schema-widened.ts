// What the deployment before did to the shop's database: both releases work on it, so the old shape cannot go yet.

import type { Chapter } from './chapter.ts';
import { alice, liveVersion, type Scene, seenBy, standbyVersion, type, until } from './scene.ts';
import { columnsOf, filling, isWhole, migration, untilSchema, writtenBy } from './schema.ts';
import { asRead } from './transcript.ts';

export const schemaWidened: Chapter = {
  title: 'The schema was widened for both versions, and cannot be contracted early',
  part: 'rest',
  badVersions: [],
  play,
};

async function play(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const [now, before] = [liveVersion(scene), standbyVersion(scene)];
  const { id } = await until(scene, now, () => true);
  const widenedAt = checkOrder(scene, id);
  await untilSchema(scene, ({ migrations }) =>
    migrations.some((each) => each.id === migration && each.state === 'ready'),
  );
  const { orders, empty } = filling(scene);
  check('orders from before it are filled in', orders > 0 && empty === 0, `${orders} orders, ${empty} without cents`);
  const [byOld, byNew] = [writtenBy(scene, before, widenedAt), writtenBy(scene, now, widenedAt)];
  check(
    `${now} wrote the new shape in its canary and after it, and the old one can be read`,
    isWhole(byNew),
    `${byNew.inBothShapes} of ${byNew.orders} orders in both`,
  );
  check(
    `${before} wrote the old shape beside it, and the new one can be read`,
    isWhole(byOld),
    `${byOld.inBothShapes} of ${byOld.orders} orders in both`,
  );
  await refuseEarly(scene, before);
}

/**
 * The order of the steps is read from the audit log, where it cannot change afterwards.
 * @returns when the schema was wide (epoch ms).
 */
function checkOrder({ checks: { check }, stack: { engine } }: Scene, deploymentId: string): number {
  const rows = engine.audit.after(0, 10_000).filter((row) => row.deploymentId === deploymentId);
  const widened = rows.find(({ sentence }) => sentence.startsWith(`${migration}: expand done`));
  const started = rows.find(({ action, sentence }) => action === 'step-started' && sentence === 'start-preview');
  check(
    'the expand was a step of the deployment, before the new side was started',
    widened !== undefined && started !== undefined && widened.seq < started.seq,
    `${widened?.sentence ?? 'no expand'} at row ${widened?.seq}, start-preview at row ${started?.seq}`,
  );
  return widened?.at ?? 0;
}

async function refuseEarly(scene: Scene, before: string): Promise<void> {
  const { check } = scene.checks;
  const from = await type(scene, alice, '/deploy', 'contract shop');
  const refused = asRead((await seenBy(scene, alice, /still needs? the old shape/, from)).text);
  check(
    `the contract is refused, and the sentence names ${before} that stands by`,
    refused.includes(`${before} still needs the old shape: ${before} (standby in `),
    refused,
  );
  const columns = columnsOf(scene);
  check(
    'nothing was taken away',
    columns.includes('amount') && columns.includes('cents'),
    `orders: ${columns.join(', ')}`,
  );
}
