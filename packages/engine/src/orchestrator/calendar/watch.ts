// The controller's part of the calendar: it reads the URLs of calendars again, and warns before a freeze begins. A copy that was
// good is kept while a newer one cannot be read.

import { type FreezeSettings, isUrl } from '../../config/freezes/settings.ts';
import { forHowLong } from '../../domain/times.ts';
import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { writeFileAtomic } from '../../lib/files.ts';
import { httpRequest } from '../../lib/http.ts';
import type { Lease } from '../../state/leases.ts';
import { calendarKey, freezeWarnedKey, getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import type { Core, Target } from '../core.ts';
import { calendarOccurrences, mostCalendarBytes } from './ical.ts';
import { type Occurrence, occurrenceKey } from './occurrence.ts';
import { occurrencesIn } from './policy.ts';
import { copyOf, freezeSources, shownSource } from './sources.ts';
import { localText } from './wall-time.ts';

const lookEveryMs = 15_000;
export const refreshMs = 15 * 60_000;
const retryMs = 60_000;
const readLimitMs = 20_000;
const warnAheadMs = 15 * 60_000;

/** What is remembered of a URL. */
export interface CalendarRead {
  readonly triedAt: number;
  /** Of the copy that is used; undefined while there is none. */
  readonly readAt: number | undefined;
  readonly problem: string | undefined;
}

export async function watchCalendar(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  if (core.targets.every(({ settings }) => settings.freezes === undefined)) return;
  do {
    try {
      await refreshCalendars(core, lease, signal);
      for (const target of core.targets) warnOf(core, target, lease);
    } catch (thrown) {
      if (hasCode(thrown, 'fenced-out') || hasCode(thrown, 'state-locked')) throw thrown;
      if (!signal.aborted) core.log.error({ problem: messageOf(thrown) }, 'the calendar could not be looked at');
    }
  } while (await pause(core.clock, lookEveryMs, signal));
}

/** Each URL once, for all targets that name it. */
export async function refreshCalendars(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  const named = new Map<string, { readonly freeze: FreezeSettings; readonly target: Target }>();
  for (const target of core.targets)
    for (const freeze of target.settings.freezes ?? [])
      if (freeze.rule.kind === 'calendar' && isUrl(freeze.rule.source) && !named.has(freeze.rule.source))
        named.set(freeze.rule.source, { freeze, target });
  await Promise.all([...named].map(([url, where]) => refresh(core, lease, { url, ...where, signal })));
}

interface Refreshed {
  readonly url: string;
  readonly freeze: FreezeSettings;
  readonly target: Target;
  readonly signal: AbortSignal;
}

async function refresh(core: Core, lease: Lease, { url, freeze, target, signal }: Refreshed): Promise<void> {
  const key = calendarKey(url);
  const before = getSnapshot<CalendarRead>(core.store.db, key)?.value;
  const now = core.clock.now();
  const sinceMs = before === undefined ? Number.POSITIVE_INFINITY : now - before.triedAt;
  // The wall clock may have been set back.
  if (sinceMs >= 0 && sinceMs < (before?.problem === undefined ? refreshMs : retryMs)) return;
  const problem = await fetchCopy(core, { url, freeze, signal });
  if (signal.aborted) return;
  const after: CalendarRead = { triedAt: now, readAt: problem === undefined ? now : before?.readAt, problem };
  if ((before?.problem === undefined) === (problem === undefined)) {
    core.store.note((db, at) => putSnapshot(db, key, after, at));
    return;
  }
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, key, after, tx.now);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: problem === undefined ? 'calendar-read' : 'calendar-failed',
      sentence:
        problem === undefined
          ? `the calendar of the freeze ${freeze.name} (${shownSource(url)}) is read again`
          : `the calendar of the freeze ${freeze.name} (${shownSource(url)}) cannot be read: ${problem}; ${
              after.readAt === undefined
                ? 'there is no earlier copy, so deployments are refused'
                : 'the last good copy holds'
            }`,
      detail: { freeze: freeze.name },
    });
  });
}

/** What is wrong with what was answered; undefined when the new copy is in its place. */
async function fetchCopy(
  { settings, clock }: Core,
  { url, freeze, signal }: Omit<Refreshed, 'target'>,
): Promise<string | undefined> {
  try {
    const { status, body } = await httpRequest({ url, timeoutMs: readLimitMs, signal });
    if (status !== 200) return `${shownSource(url)} answered ${status}`;
    if (Buffer.byteLength(body) >= mostCalendarBytes) return `the calendar is larger than ${mostCalendarBytes} bytes`;
    const now = clock.now();
    calendarOccurrences(freeze, { from: now, to: now + 1 }, body);
    writeFileAtomic(copyOf(settings.stateFolder, url), body);
    return undefined;
  } catch (thrown) {
    // The message of a request names its URL, which may hold a key.
    return messageOf(thrown).replaceAll(url, shownSource(url));
  }
}

/** Once for each occurrence, also across restarts. */
function warnOf(core: Core, target: Target, lease: Lease): void {
  if (target.settings.freezes === undefined) return;
  const now = core.clock.now();
  const near = upcoming(core, target, now);
  const known = new Set(getSnapshot<readonly string[]>(core.store.db, freezeWarnedKey(target.key))?.value);
  const fresh = near.filter((each) => !known.has(occurrenceKey(each)));
  if (fresh.length === 0) return;
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, freezeWarnedKey(target.key), near.map(occurrenceKey), tx.now);
    for (const each of fresh)
      tx.audit({
        ...target.key,
        actor: 'engine',
        action: 'freeze-near',
        sentence: nearSentence(target, each, now),
        detail: { freeze: each.name, from: each.from, to: each.to },
      });
  });
}

function nearSentence({ name }: Target, { name: freeze, title, from, to, zone }: Occurrence, now: number): string {
  const what = title === undefined ? freeze : `${freeze} (${title})`;
  return `the freeze ${what} of ${name} begins in ${forHowLong(from - now)}, at ${localText(from, zone)}, and lasts until ${localText(to, zone)}: what must be live before it is to be begun now`;
}

/** What begins within the quarter of an hour. */
export function upcoming(core: Core, target: Target, now: number): readonly Occurrence[] {
  return occurrencesIn(freezeSources(core, target), { from: now, to: now + warnAheadMs }).filter(
    ({ from }) => from > now,
  );
}
