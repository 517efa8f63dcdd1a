// The end of the old shape: forward again, no standby needs it, and another person approves what cannot be undone.

import type { Chapter } from './chapter.ts';
import {
  alice,
  answersBetween,
  bob,
  liveVersion,
  press,
  reads,
  type Scene,
  seenBy,
  settle,
  standbyVersion,
  type,
  versionsOf,
} from './scene.ts';
import { columnsOf, isWhole, migration, writtenBy } from './schema.ts';
import { asRead, timeOfDay } from './transcript.ts';

export const schemaContracted: Chapter = {
  title: 'The old shape of the schema goes, approved by somebody else',
  part: 'rest',
  badVersions: [],
  play,
};

async function play(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const [now, before] = [liveVersion(scene), standbyVersion(scene)];
  const whole = [before, now].map((version) => ({ version, ...writtenBy(scene, version, 0) }));
  check(
    `back and forward again, ${before} and ${now} had every order in both shapes`,
    whole.every(isWhole),
    whole.map(({ version, orders, inBothShapes }) => `${version}: ${inBothShapes} of ${orders}`).join(', '),
  );
  await stopStandby(scene);
  const from = await type(scene, alice, '/deploy', 'contract shop --reason "nobody reads amount any more"');
  const card = await reads(scene, new RegExp(`contract of ${migration} is pending`), from);
  check(
    'its card says what it makes impossible',
    asRead(card.text).includes(`after this, rollback to ${before} is impossible`),
    asRead(card.text),
  );
  await press(scene, alice, card, 'approve-contract');
  const refused = await seenBy(scene, alice, /four-eyes/, from);
  check('who asked cannot approve', columnsOf(scene).includes('amount'), asRead(refused.text));
  const approvedAt = Date.now();
  await press(scene, bob, card, 'approve-contract');
  const ended = await reads(scene, new RegExp(`contract of ${migration} is (done|failed|refused)`), from);
  const columns = columnsOf(scene);
  check(
    'the old column is gone',
    asRead(ended.text).includes('is done') && !columns.includes('amount') && columns.includes('cents'),
    `orders: ${columns.join(', ')}`,
  );
  await settle(500);
  checkUsers(scene, now, approvedAt);
  const askedAt = await type(scene, bob, '/rollback', before);
  const noWay = await seenBy(scene, bob, /cannot run on the schema of shop any more/, askedAt);
  check(`the way back to ${before} is closed, and says why`, liveVersion(scene) === now, asRead(noWay.text));
}

/** As `bg stop` does it. */
async function stopStandby({ stack: { engine }, checks: { check }, print }: Scene): Promise<void> {
  const slots = () => engine.status().targets[0]?.slots ?? [];
  const standby = slots().find(({ role }) => role === 'standby');
  if (standby === undefined) throw new Error('nothing stands by');
  print(`  ${timeOfDay(Date.now())} alice stops the standby, ${standby.version} in ${standby.slot}`);
  const stopped = await engine.slots.stop({
    slot: standby.slot,
    actor: { kind: 'person', id: 'alice', door: 'cli' },
  });
  const role = slots().find(({ slot }) => slot === standby.slot)?.role;
  check(
    'nobody stands by who needs the old shape',
    stopped.ok && role === 'idle',
    stopped.ok ? `${standby.slot} is ${role}` : stopped.refusal.sentence,
  );
}

function checkUsers(scene: Scene, version: string, from: number): void {
  const meanwhile = answersBetween(scene, from);
  const orders = meanwhile.filter(({ order }) => order !== undefined).length;
  const wrong = meanwhile.filter(({ verdict }) => verdict !== 'ok').length;
  scene.checks.check(
    'users ordered all the while',
    orders > 0 && wrong === 0 && versionsOf(meanwhile).join() === version,
    `${meanwhile.length} answers of ${version}, ${orders} of them to orders, ${wrong} wrong`,
  );
}
