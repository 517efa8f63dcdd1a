// An incident of a side: what is wrong, how often and since when, what users get, and the button that helps.

import type { DeploymentView, SlotName, TargetView } from '@bg/engine';
import { actions, type Button, type Card, card, context, header, section } from './blocks.ts';
import { actionButtons } from './buttons.ts';
import { activeSlot } from './live-end.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { code, dateTime, duration, join, outside, time } from './text.ts';
import { timelineButton } from './timeline-button.ts';

/** Stored by the outbox: the fields keep their names. */
export interface IncidentFacts {
  readonly service: string;
  readonly target: string;
  readonly name: string;
  readonly channel: string;
  readonly slot: SlotName;
  readonly version: string;
  /** It had users when it began. */
  readonly isLive: boolean;
  /** Rows of the audit log. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Epoch ms. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly crashes: number;
  readonly restarts: number;
  /** What was wrong last. */
  readonly sentence: string;
  /** What the engine has done about it. */
  readonly acted: string | undefined;
  readonly wellSince: number | undefined;
  /** `moved`: users went to the other side; `replaced`: something else runs there. */
  readonly over: { readonly how: 'stable' | 'moved' | 'replaced'; readonly at: number } | undefined;
}

interface Around {
  /** Undefined where it is not configured any more. */
  readonly target: TargetView | undefined;
  /** What made the release live. */
  readonly deployment: DeploymentView | undefined;
  /** Person ids and `group:S…`. */
  readonly onCall: readonly string[];
}

const mostCalled = 10;

export function incidentCard(facts: IncidentFacts, around: Around, formatter: PeopleFormatter): Card {
  const { over, isLive } = facts;
  const title = `${outside(facts.name, 60)} ${outside(facts.version, 64)} ${stateText(facts)}`;
  const sign = over !== undefined ? '✅' : facts.wellSince !== undefined ? '🟡' : isLive ? '🚨' : '🟠';
  const calls = isLive && around.onCall.length > 0 ? around.onCall.slice(0, mostCalled).map(formatter.person) : [];
  const buttons = over === undefined ? buttonsOf(around) : [];
  return card(`${title}. ${countText(facts)}`, [
    header(`${sign} ${facts.name} ${facts.version} ${stateText(facts)}`),
    section([`*${countText(facts)}*`, usersText(facts, around.target), ...reasons(facts)].join('\n')),
    calls.length === 0 ? undefined : section(`On call: ${calls.join(' ')}`),
    buttons.length === 0 ? undefined : actions(buttons, `incident:${facts.firstSeq}:${facts.lastSeq}`),
    context(
      join(
        `${facts.slot}, ${isLive ? 'live' : 'standby'}`,
        `since ${dateTime(facts.firstAt)}`,
        code(facts.version, 64),
      ),
    ),
  ]);
}

function stateText({ over, wellSince, crashes }: IncidentFacts): string {
  if (over !== undefined)
    return { stable: 'is stable again', moved: 'has no users any more', replaced: 'was replaced' }[over.how];
  const what = crashes > 0 ? 'crashes' : 'is unhealthy';
  return wellSince === undefined ? what : `${crashes > 0 ? 'crashed' : 'was unhealthy'}, and runs again`;
}

/** `4 crashes in 4 min, restarted 4 times`. */
export function countText({ crashes, restarts, firstAt, lastAt }: IncidentFacts): string {
  const spanMs = Math.max(0, lastAt - firstAt);
  const within = spanMs < 1000 ? '' : ` in ${duration(spanMs)}`;
  const what =
    crashes === 0
      ? `Unhealthy${spanMs < 1000 ? '' : ` for ${duration(spanMs)}`}`
      : `${crashes} ${crashes === 1 ? 'crash' : 'crashes'}${within}`;
  return restarts === 0 ? what : `${what}, restarted ${restarts === 1 ? 'once' : `${restarts} times`}`;
}

function reasons({ sentence, acted, wellSince, over }: IncidentFacts): readonly string[] {
  const rest =
    over?.how === 'stable' || wellSince === undefined
      ? []
      : [`It runs again since ${time(wellSince)}; the bot watches it for ten minutes.`];
  return [
    `Last: ${outside(sentence, 400)}`,
    ...(acted === undefined ? [] : [`The engine acted: ${outside(acted, 400)}`]),
    ...(over === undefined ? rest : []),
  ];
}

function usersText({ version, isLive, slot }: IncidentFacts, target: TargetView | undefined): string {
  const active = target && activeSlot(target);
  if (!isLive) return 'No user is affected; a rollback may be slow.';
  if (active === undefined) return 'Users may get errors.';
  if (active.slot === slot && active.version === version) return `Users get ${outside(version, 64)}.`;
  return `Users get ${outside(active.version ?? '', 64)} in ${active.slot}.`;
}

/** The way back, when it is open; and what happened. */
function buttonsOf({ target, deployment }: Around): readonly Button[] {
  if (deployment === undefined) return [];
  const back = target?.live === undefined ? deployment.actions.filter(({ name }) => name === 'rollback') : [];
  return [...actionButtons(deployment, back), timelineButton(deployment.id)];
}

/** In the thread: an edit notifies nobody. */
export function incidentLine(
  {
    incident,
    sentence,
    mention,
  }: { readonly incident: IncidentFacts; readonly sentence: string | undefined; readonly mention: boolean },
  onCall: readonly string[],
  formatter: PeopleFormatter,
): Card {
  const calls = mention ? ` ${onCall.slice(0, mostCalled).map(formatter.person).join(' ')}` : '';
  const text =
    sentence === undefined
      ? `✅ Over: ${outside(incident.name, 60)} ${outside(incident.version, 64)} ${stateText(incident)}. ${countText(incident)}.`
      : `${mention ? '🚨' : '🛟'} ${outside(sentence, 600)}${calls}`;
  return card(text, [section(text)]);
}
