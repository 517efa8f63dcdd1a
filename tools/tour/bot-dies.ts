// The controller is killed while users are shared between two releases: another one continues from what is stored.

import { flippedUsers } from '../load-client.ts';
import type { Chapter } from './chapter.ts';
import { alice, answersBetween, bob, finished, press, reads, type Scene, type, until } from './scene.ts';

/** Which was taken back before: forward again, on the schema that it left. */
const version = 'v2.1';
const backLimitMs = 20_000;

export const botDies: Chapter = {
  title: 'The bot dies in the middle of a canary',
  part: 'rest',
  badVersions: [],
  play,
};

async function play(scene: Scene): Promise<void> {
  const { check } = scene.checks;
  const { bot } = scene.stack;
  const from = await type(scene, alice, '/deploy', version);
  await until(scene, version, ({ percent, phase }) => percent === 10 && phase === 'watch');
  const pid = bot.pid();
  scene.print(`  the process of the bot (${pid}) is killed with SIGKILL, at 10 %, and started again`);
  const killedAt = Date.now();
  bot.kill();
  await bot.ready(backLimitMs);
  check(
    'another process of the bot runs',
    bot.pid() !== undefined && bot.pid() !== pid,
    `${bot.pid()}, after ${Date.now() - killedAt} ms`,
  );
  const meanwhile = answersBetween(scene, killedAt);
  check('users were served meanwhile', meanwhile.length > 0, `${meanwhile.length} answers`);
  const card = await reads(scene, /v2\.1.*needs approval/i, from);
  await press(scene, bob, card, 'approve');
  const view = await until(scene, version, finished);
  check('the deployment went on to its end', view.outcome?.kind === 'promoted', view.outcome?.sentence ?? 'no outcome');
  const flipped = flippedUsers(answersBetween(scene, from));
  check('no user was sent back and forth between the sides', flipped.length === 0, `${flipped.length} people`);
  await reads(scene, /v2\.1: live\./, from);
}
