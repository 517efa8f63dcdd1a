// Asking for a deployment, or for what it would do.

import { ok } from '@bg/engine';
import { type ExitCode, exitCodes } from '../exit.ts';
import { attend } from '../follow/attend.ts';
import { followWaiting } from '../follow/follow-waiting.ts';
import { checkOrder, isPlace, readPlace, readSlot, readVersion } from '../place.ts';
import { answered, refused } from '../refused.ts';
import { type Options, onEngine, type Session } from '../session.ts';
import { planLines } from '../show/plan.ts';
import { waitingLines } from '../show/waiting.ts';
import { type Command, followOption, reasonOption } from './command.ts';

const holdOption = ['--hold', 'stop before the first user is sent, until a person promotes it'] as const;
const redeployOption = ['--redeploy', 'deploy although this version is live already'] as const;

const overrideFreezeOption = ['--override-freeze', 'deploy although a freeze refuses it; needs --reason'] as const;

const canaryOption = ['--canary <steps>', 'steps for this deployment: 5:1m,20:5m'] as const;
const whenOptions = [
  ['--at <time>', 'when: 22:00, or "2026-12-01 22:00"'],
  ['--zone <name>', 'IANA zone of --at; default: that of the first freeze, else UTC'],
  ['--first', 'before all others that wait; needs --reason'],
] as const;

export const deploying: readonly Command[] = [
  {
    usage: 'deploy <version> [place]',
    summary: 'make a version live: start it in the idle slot, check it, move the users',
    options: [
      holdOption,
      redeployOption,
      overrideFreezeOption,
      canaryOption,
      ...whenOptions,
      reasonOption,
      followOption,
    ],
    examples: ['bg deploy v2.1', 'bg deploy v2.1 shop/staging --follow', 'bg deploy v2.1 --hold --reason "look first"'],
    run: onEngine(deployOrWait),
  },
  {
    usage: 'plan <version> [place]',
    summary: 'show what a deployment would do and what would refuse it; changes nothing',
    options: [holdOption, redeployOption, canaryOption],
    examples: ['bg plan v2.1', 'bg plan v2.1 shop/staging --json'],
    run: onEngine(async (session, words, options) =>
      answered(
        session.screen,
        await session.engine.plan(deployRequest('bg plan', session, words, options)),
        (plan, { paint }) => planLines(plan, paint),
      ),
    ),
  },
  {
    usage: 'switch [place]',
    summary: 'make live what is ready in the other slot: a held preview or the standby',
    options: [['--to <slot>', 'the slot that is to serve; done where it serves already'], reasonOption, followOption],
    examples: ['bg switch', 'bg switch shop --to green --follow'],
    run: onEngine((session, [place], options) => switchTo(session, place, options), { aloneOnFullDisk: true }),
  },
  {
    usage: 'rollback [version] [place]',
    summary: 'back to the standby, or to a named earlier release; a running deployment is taken back',
    options: [reasonOption, followOption],
    examples: ['bg rollback', 'bg rollback shop --reason "wrong prices"', 'bg rollback v2.0 shop --follow'],
    run: onEngine(
      (session, words, options) => {
        const { version, place } = rollbackWords(session, words);
        const request = { ...readPlace(place, options), version, actor: session.actor, reason: options.reason };
        return attend(session, session.engine.rollback(request), { desired: 'back', follow: options.follow === true });
      },
      { aloneOnFullDisk: true },
    ),
  },
];

function deployOrWait(session: Session, words: readonly string[], options: Options): Promise<ExitCode> | ExitCode {
  const { at, zone, first = false } = options;
  const request = { ...deployRequest('bg deploy', session, words, options), at, zone, first };
  const answer = session.engine.request(request);
  if (!answer.ok) return refused(session.screen, answer.refusal);
  if (answer.value.kind === 'waiting') {
    if (options.follow === true) return followWaiting(session, answer.value.waiting);
    session.screen.answer(answer.value.waiting, waitingLines);
    return exitCodes.done;
  }
  return attend(session, ok(answer.value.deployment), { desired: 'forward', follow: options.follow === true });
}

function switchTo(session: Session, place: string | undefined, options: Options): Promise<ExitCode> | ExitCode {
  const { engine, screen, actor } = session;
  const where = readPlace(place, options);
  const to = options.to === undefined ? undefined : readSlot('bg switch --to', options.to);
  const result = engine.switch({ ...where, to, actor, reason: options.reason });
  if (to !== undefined && !result.ok && result.refusal.code === 'already-active') {
    screen.answer({ slot: to, already: true, sentence: result.refusal.sentence }, ({ sentence }) => [sentence]);
    return exitCodes.done;
  }
  return attend(session, result, { desired: 'forward', follow: options.follow === true });
}

function deployRequest(command: string, session: Session, [version = '', place]: readonly string[], options: Options) {
  checkOrder({ command, version, place, services: session.services });
  const { hold = false, redeploy = false, overrideFreeze = false, reason, canary } = options;
  const request = {
    version: readVersion(version),
    hold,
    redeploy,
    overrideFreeze,
    reason,
    canary,
    actor: session.actor,
  };
  return { ...readPlace(place, options), ...request };
}

/** A single word may be either: a configured service is a place, everything else a version. */
function rollbackWords({ services }: Session, [first, second]: readonly string[]) {
  if (first === undefined) return { version: undefined, place: undefined };
  if (second === undefined && isPlace(first, services)) return { version: undefined, place: first };
  checkOrder({ command: 'bg rollback', version: first, place: second, services });
  return { version: readVersion(first), place: second };
}
