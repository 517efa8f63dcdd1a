// Who asked, what changes, and what users get now: the second look at a card, after its state.

import type { DeploymentView, TrendView } from '@bg/engine';
import { type Block, section } from './blocks.ts';
import { authorsText } from './build-card.ts';
import type { ChangesShown } from './changes-part.ts';
import type { LiveEnd } from './live-end.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { count, duration, join, link, outside } from './text.ts';

interface Around {
  readonly changes: ChangesShown | undefined;
  readonly trend: TrendView | undefined;
  readonly end: LiveEnd | undefined;
}

export function usersPart(view: DeploymentView, formatter: PeopleFormatter, around: Around): Block | undefined {
  const lines = [askedText(view, formatter, around.changes), usersText(view, around)].filter((line) => line !== '');
  return lines.length === 0 ? undefined : section(lines.join('\n'));
}

/** `Requested by Alice · “New prices” by Bo · View diff`; with an approval, the line above it says who asked. */
function askedText(
  { requestedBy, approval, origin }: DeploymentView,
  formatter: PeopleFormatter,
  changes: ChangesShown | undefined,
): string {
  const [newest, ...others] = changes?.commits ?? [];
  const subject = newest?.subject ?? origin?.subject;
  const named = newest === undefined ? origin?.author : authorsText(newest.authors, changes?.names ?? formatter);
  const by = named === undefined || named === '' ? '' : ` by ${newest === undefined ? outside(named, 80) : named}`;
  return join(
    approval?.status === 'pending' ? undefined : `Requested by ${formatter.actor(requestedBy)}`,
    subject === undefined ? undefined : `“${outside(subject, 100)}”${by}`,
    others.length > 0 && `and ${others.length} more`,
    changes?.compare && link(changes.compare, 'View diff'),
  );
}

/** `Everyone stayed on v1.0. 10% of users saw v2.4 for 9 s, 8 errors.` */
export function usersText(view: DeploymentView, { trend, end }: Pick<Around, 'trend' | 'end'>): string {
  const { outcome, percent, from } = view;
  const version = outside(view.version, 64);
  const before = from && outside(from.version, 64);
  if (outcome === undefined) {
    if (percent >= 100) return `*Everyone is on ${version}.*`;
    if (percent > 0)
      return `*${percent}% of users get ${version}*${before === undefined ? '.' : `, the others ${before}.`}`;
    return before === undefined ? 'No user has a release yet.' : `*Everyone is on ${before}.*`;
  }
  if (outcome.kind === 'promoted') return end === undefined ? `*Everyone is on ${version}.*` : '';
  // What users get is what a person has to find out.
  if (outcome.kind === 'halted') return seenText(version, trend);
  const seen = seenText(version, trend);
  const wasSeen = seen !== '' || percent > 0;
  const now = before === undefined ? '' : `*Everyone ${wasSeen ? 'is back' : 'stayed'} on ${before}.*`;
  return [now, seen].filter((one) => one !== '').join(' ');
}

function seenText(version: string, trend: TrendView | undefined): string {
  const points = trend?.points ?? [];
  const [first, last] = [points[0], points.at(-1)];
  const requests = points.reduce((sum, { canary }) => sum + canary.requests, 0);
  if (first === undefined || last === undefined || requests === 0) return '';
  const errors = points.reduce((sum, { canary }) => sum + canary.errors, 0);
  const share = Math.max(...points.map(({ percent }) => percent));
  return `${share}% of users saw ${version} for ${duration(last.to - first.from)}: ${count(requests)} requests, ${count(errors)} ${errors === 1 ? 'error' : 'errors'}.`;
}

/** From the request to the last that is known; whole once it is over. */
export function elapsedText({ requestedAt, steps, observation, outcome }: DeploymentView): string | undefined {
  const times = steps.flatMap(({ startedAt, endedAt }) => [startedAt ?? 0, endedAt ?? 0]);
  const last = outcome?.at ?? Math.max(0, observation?.at ?? 0, ...times);
  const ms = last - requestedAt;
  if (ms < 1000) return undefined;
  return outcome === undefined ? `${duration(ms)} so far` : `took ${duration(ms)}`;
}
