// Pure: which freezes hold a target at a moment, until when, and who may act all the same.

import type { FreezeSettings } from '../../config/freezes/settings.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { type Refusal, type Result, refuse } from '../../domain/refusal.ts';
import { type Occurrence, occurrenceKey, type Span } from './occurrence.ts';
import { localText } from './wall-time.ts';

export interface Frozen {
  /** Of the freezes, as configured. */
  readonly names: readonly string[];
  /** Epoch ms; undefined where a calendar could not be read. */
  readonly until: number | undefined;
  /** `the freeze weekend lasts until 2026-12-07 08:00 Europe/Berlin` */
  readonly sentence: string;
  /** The strictest of them. */
  readonly override: FreezeSettings['override'];
  /** Which occurrences an override is about. */
  readonly keys: readonly string[];
}

/** A freeze with what is known of it. */
export interface FreezeSource {
  readonly freeze: FreezeSettings;
  /** @throws Error when its calendar cannot be read */
  readonly occurrences: (span: Span) => readonly Occurrence[];
}

const strictness = ['people', 'approvers', 'nobody'] as const;
/** Freezes that follow one another without a gap are one, as far as this. */
const aheadMs = 62 * 86_400_000;
const mostLinks = 100;

/** Undefined where nothing is frozen. `overridden`: keys that a person has overridden for the deployment in question. */
export function frozenAt(
  sources: readonly FreezeSource[],
  now: number,
  overridden: ReadonlySet<string> = new Set(),
): Frozen | undefined {
  const states = sources.map((source) => stateOf(source, now));
  const unread = states.filter(({ problem, key }) => problem !== undefined && !overridden.has(key));
  const held = states.filter(({ active }) => active.some((each) => !overridden.has(occurrenceKey(each))));
  const all = [...held, ...unread];
  if (all.length === 0) return undefined;
  const names = [...new Set(all.map(({ freeze }) => freeze.name))];
  const keys = all.flatMap(({ active, problem, key }) => (problem === undefined ? active.map(occurrenceKey) : [key]));
  const override = strictness.findLast((each) => all.some(({ freeze }) => freeze.override === each)) ?? 'nobody';
  const [broken] = unread;
  if (broken) return { names, until: undefined, override, keys, sentence: broken.problem ?? '' };
  const until = endOf(
    sources,
    held.flatMap(({ active }) => active),
  );
  const zone = held[0]?.freeze.zone ?? 'UTC';
  const noun = names.length === 1 ? 'freeze' : 'freezes';
  const sentence = `the ${noun} ${names.join(', ')} ${names.length === 1 ? 'lasts' : 'last'} until ${localText(until, zone)}`;
  return { names, until, override, keys, sentence };
}

interface State {
  readonly freeze: FreezeSettings;
  readonly active: readonly Occurrence[];
  /** Set where nothing is known. */
  readonly problem: string | undefined;
  readonly key: string;
}

function stateOf({ freeze, occurrences }: FreezeSource, now: number): State {
  const key = `unread@${freeze.name}`;
  try {
    return { freeze, active: occurrences({ from: now, to: now + 1 }), problem: undefined, key };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return { freeze, active: [], problem: `the calendar of the freeze ${freeze.name} is not known: ${why}`, key };
  }
}

function endOf(sources: readonly FreezeSource[], active: readonly Occurrence[]): number {
  const now = Math.max(...active.map(({ from }) => from));
  const ahead = occurrencesIn(sources, { from: now, to: now + aheadMs });
  let end = Math.max(...active.map(({ to }) => to));
  for (let links = 0; links < mostLinks; links += 1) {
    const next = ahead.find(({ from, to }) => from <= end && to > end);
    if (!next) break;
    end = next.to;
  }
  return end;
}

/** Of all that can be read. */
export function occurrencesIn(sources: readonly FreezeSource[], span: Span): readonly Occurrence[] {
  return sources
    .flatMap(({ occurrences }) => {
      try {
        return occurrences(span);
      } catch {
        return [];
      }
    })
    .toSorted((one, other) => one.from - other.from);
}

export interface OverrideRequest {
  readonly frozen: Frozen;
  readonly name: string;
  readonly actor: Actor;
  /** Why not, where the person is no approver. */
  readonly notApprover: Refusal | undefined;
  readonly reason: string | undefined;
}

/** Whether this person may act although the target is frozen. */
export function mayOverride({ frozen, name, actor, notApprover, reason }: OverrideRequest): Result<undefined> {
  const what = `${name} is frozen: ${frozen.sentence}`;
  if (actor.kind !== 'person') return refuse('target-frozen', what, 'Only a person may override a freeze.');
  if (frozen.override === 'nobody') return refuse('target-frozen', what, noOverride);
  if (frozen.override === 'approvers' && notApprover !== undefined)
    return refuse('not-approver', `${what}; only an approver may override it`, notApprover.hint);
  if ((reason ?? '').trim() === '')
    return refuse('reason-missing', 'an override of a freeze needs its reason', 'Say in a few words why.');
  return { ok: true, value: undefined };
}

const noOverride = 'This freeze has no override. A rollback is possible at any time.';

/** What a person may do about it. */
export function frozenHint({ override }: Frozen, version: string): string {
  if (override === 'nobody') return `Wait until it ends. ${noOverride}`;
  const who = override === 'approvers' ? 'An approver' : 'A person';
  return `Wait until it ends. ${who} may deploy all the same: \`deploy ${version} --override-freeze --reason "…"\`.`;
}

export const overrideSentence = (actor: Actor, { names }: Frozen, reason: string): string =>
  `${shortName(actorName(actor))} overrides the freeze ${names.join(', ')}: ${reason.trim()}`;
