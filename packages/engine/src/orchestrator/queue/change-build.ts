// What a person does about a build that waits for its turn: takes it out, or puts it first. A build belongs to no person: the one
// who puts it first asks for its deployment, and cannot approve it then.

import type { WaitingView } from '../../api/waiting.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { Core, FlowBuilds, Target } from '../core.ts';
import { otherDriver } from '../gates/facts.ts';
import { ask, inTeam, sameConfiguration } from '../gates/gates.ts';
import { mayDeploy, mayOperate } from '../gates/roles.ts';
import { recordRefusal } from '../verbs/refused.ts';
import { type RequestRow, requestWithin } from './request.ts';
import { viewBuild, viewWaiting } from './waiting-view.ts';

const maxReason = 500;

/** As a queue shows it, `build 17`; as one word, `build-17`; with its target where it waits for several. */
const shape = /^build[ -](\d{1,12})(?:@(.{1,130}))?$/;

export const isBuildId = (id: string): boolean => shape.test(id);

type WaitingBuild = ReturnType<FlowBuilds['waiting']>[number];

interface Found {
  readonly target: Target;
  readonly build: WaitingBuild;
}

export function cancelBuild(core: Core, id: string, actor: Actor, reason: string): Result<WaitingView> {
  const why = reason.trim().slice(0, maxReason);
  const by = actorName(actor);
  let known: Found | undefined;
  const answer = core.store.write((tx): Result<WaitingView> => {
    const found = admitted(core, id, actor, mayOperate);
    if (!found.ok) return found;
    known = found.value;
    const { target, build } = found.value;
    const sentence = `${shortName(by)} cancels it${why === '' ? '' : `: ${why}`}`;
    core.builds.leave(tx, target.key, { build: build.build, by, why: sentence });
    return ok(ended(core, found.value, { status: 'cancelled', problem: why || undefined }));
  });
  if (!answer.ok) recordRefusal(core, { actor, verb: 'cancel', refusal: answer.refusal, key: known?.target.key });
  return answer;
}

/** Request and leaving are one transaction: at no moment, and after no kill, are both in the queue. */
export function putBuildFirst(core: Core, id: string, actor: Actor, reason: string): Result<WaitingView> {
  const why = reason.trim().slice(0, maxReason);
  const by = actorName(actor);
  let known: Found | undefined;
  const answer = core.store.write((tx): Result<RequestRow> => {
    const found = admitted(core, id, actor, mayDeploy);
    if (!found.ok) return found;
    known = found.value;
    if (why === '')
      return refuse('reason-missing', 'what goes before the others needs its reason', 'Say in a few words why.');
    const { target, build } = found.value;
    const { version } = build;
    const asked = requestWithin(core, tx, target, { ...target.key, version, actor, first: true, reason: why });
    if (!asked.ok) return asked;
    const sentence = `${shortName(by)} puts it first, and asks for it: ${why}`;
    core.builds.leave(tx, target.key, { build: build.build, by, why: sentence });
    return asked;
  });
  if (answer.ok && known) return ok(viewFirst(core, known, answer.value));
  if (!answer.ok) recordRefusal(core, { actor, verb: 'put first', refusal: answer.refusal, key: known?.target.key });
  return answer.ok ? refuse('no-such-request', `there is no waiting build ${id.slice(0, 40)}`) : answer;
}

const viewFirst = (core: Core, found: Found, asked: RequestRow): WaitingView =>
  asked.kind === 'waiting'
    ? viewWaiting(core, found.target, asked.row)
    : ended(core, found, { status: 'deployed', deploymentId: asked.row.id });

function admitted(core: Core, id: string, actor: Actor, role: typeof mayOperate): Result<Found> {
  const member = ask([{ gate: inTeam }, { gate: sameConfiguration }], { actor, otherDriver: otherDriver(core) });
  if (!member.ok) return member;
  const found = waitingBuild(core, id);
  if (!found.ok) return found;
  const { target } = found.value;
  const may = role({ actor, name: target.name, rules: target.settings });
  return may.ok ? found : may;
}

function waitingBuild(core: Core, id: string): Result<Found> {
  const [, number = '', place] = shape.exec(id) ?? [];
  const all = core.targets.flatMap((target): Found[] => {
    const build = core.builds.waiting(target.key).find((each) => each.build === Number(number));
    return build ? [{ target, build }] : [];
  });
  const there = all.filter(({ target }) => place === undefined || place === target.name || place === placeOf(target));
  const [only, ...more] = there;
  if (!only) return refuse('no-such-request', `build ${number.slice(0, 12)} does not wait`, 'See `bg queue`.');
  if (more.length === 0) return ok(only);
  return refuse(
    'target-unknown',
    `build ${number} waits for ${there.map(({ target }) => target.name).join(' and ')}: say for which`,
    there.map(({ target }) => `build-${number}@${placeOf(target)}`).join(', '),
  );
}

const placeOf = ({ key }: Target): string => `${key.service}/${key.target}`;

const ended = (
  core: Core,
  { target, build }: Found,
  end: Pick<WaitingView, 'status'> & Partial<Pick<WaitingView, 'problem' | 'deploymentId'>>,
): WaitingView => ({ ...viewBuild(core, target, build, 0), place: undefined, expectedAt: undefined, ...end });
