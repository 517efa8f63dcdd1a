// The tour, chapter by chapter: each tells what people do and proves what came of it.

import { flippedUsers } from '../load-client.ts';
import { alice, answersBetween, bob, finished, press, reads, type Scene, settle, told, type, until } from './scene.ts';

export interface Chapter {
  readonly title: string;
  readonly play: (scene: Scene) => Promise<void>;
}

export const chapters: readonly Chapter[] = [
  { title: 'A canary, an approval by somebody else, and everybody on v2.1', play: deployWithApproval },
  { title: 'Back to v1.0 within a moment', play: rollBack },
  { title: 'A release that fails its smoke tests never meets a user', play: brokenSmoke },
  { title: 'A release that fails with real users is taken back', play: errorsWithUsers },
  { title: 'The bot dies in the middle of a canary', play: botDies },
];

async function deployWithApproval(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const from = await type(scene, alice, '/deploy', 'v2.1');
  const card = await reads(scene, /v2\.1.*needs approval/i);
  await press(scene, alice, card, 'approve');
  await told(scene, alice, /four-eyes/);
  const still = await until(scene, 'v2.1', () => true);
  check(
    'who asked cannot approve: refused for alice’s eyes only',
    still.approval?.status === 'pending',
    `approval is ${still.approval?.status}`,
  );
  const share = shareOf(scene, 'v2.1', from);
  check(
    'a tenth of the users is on v2.1, and only they',
    share > 0.03 && share < 0.2,
    `${Math.round(share * 100)} % of the people`,
  );
  await press(scene, bob, await reads(scene, /v2\.1.*needs approval/i), 'approve');
  const view = await until(scene, 'v2.1', finished);
  check('v2.1 is promoted', view.outcome?.kind === 'promoted', view.outcome?.sentence ?? 'no outcome');
  const { receipt } = view;
  check('the receipt proves it through the load balancer', receipt?.proved === true, seenBy(receipt?.nodes));
  await reads(scene, /v2\.1: live\./);
  const flipped = flippedUsers(answersBetween(scene, from));
  check('nobody was sent back and forth between the sides', flipped.length === 0, `${flipped.length} people`);
}

async function rollBack(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const from = await type(scene, bob, '/rollback');
  const view = await until(scene, 'v1.0', (each) => finished(each) && each.requestedAt >= from - 1_000);
  check('the rollback is done', view.outcome?.kind === 'promoted', view.outcome?.sentence ?? 'no outcome');
  await settle(1_000);
  const old = answersBetween(scene, from).filter(({ version }) => version === 'v2.1');
  const lastMs = Math.max(0, ...old.map(({ endedAt }) => endedAt - from));
  check('from the command to the last user request served by the old side', lastMs < 5_000, `${lastMs} ms`);
  const after = answersBetween(scene, from + lastMs + 1);
  check(
    'everybody is on v1.0 from then on',
    after.length > 0 && after.every(({ version }) => version === 'v1.0'),
    `${after.length} answers`,
  );
}

async function brokenSmoke(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const version = 'v2.2-broken-smoke';
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

async function errorsWithUsers(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const version = 'v2.4-errors';
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
    'its users are back on v1.0',
    after.length > 0 && after.every((each) => each.version === 'v1.0'),
    `${after.length} answers`,
  );
}

async function botDies(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const { bot } = scene.stack;
  const from = await type(scene, alice, '/deploy', 'v2.0');
  await until(scene, 'v2.0', ({ percent, phase }) => percent === 10 && phase === 'watch');
  const pid = bot.pid();
  scene.print(`  the process of the bot (${pid}) is killed with SIGKILL, at 10 %, and started again`);
  const killedAt = Date.now();
  bot.kill();
  await bot.ready(20_000);
  check(
    'another process of the bot runs',
    bot.pid() !== undefined && bot.pid() !== pid,
    `${bot.pid()}, after ${Date.now() - killedAt} ms`,
  );
  const meanwhile = answersBetween(scene, killedAt);
  check('users were served meanwhile', meanwhile.length > 0, `${meanwhile.length} answers`);
  const card = await reads(scene, /v2\.0.*needs approval/i);
  await press(scene, bob, card, 'approve');
  const view = await until(scene, 'v2.0', finished);
  check('the deployment went on to its end', view.outcome?.kind === 'promoted', view.outcome?.sentence ?? 'no outcome');
  const flipped = flippedUsers(answersBetween(scene, from));
  check('nobody was sent back and forth between the sides', flipped.length === 0, `${flipped.length} people`);
  await reads(scene, /v2\.0: live\./);
}

/** How many of the people met this version since then. */
function shareOf(scene: Scene, version: string, from: number): number {
  const since = answersBetween(scene, from);
  const people = new Set(since.map(({ user }) => user));
  const met = new Set(since.filter((each) => each.version === version).map(({ user }) => user));
  return people.size === 0 ? 0 : met.size / people.size;
}

function seenBy(nodes: readonly { probes: number; seen: number }[] = []): string {
  return nodes.map(({ probes, seen }) => `${seen} of ${probes} probes saw it`).join(', ') || 'no receipt';
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
