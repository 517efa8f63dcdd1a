// `bg calendar test`: the spans of a target between two moments, open or refused.

import type { CalendarRequest, CalendarSourceView, CalendarSpan, CalendarView } from '../../api/calendar.ts';
import { isUrl } from '../../config/freezes/settings.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { messageOf } from '../../lib/errors.ts';
import { calendarKey, getSnapshot } from '../../state/snapshots.ts';
import type { Core, Target } from '../core.ts';
import { findTarget } from '../gates/facts.ts';
import type { Span } from './occurrence.ts';
import { momentFrom } from './periods.ts';
import { type FreezeSource, frozenAt, occurrencesIn } from './policy.ts';
import { freezeSources, shownSource } from './sources.ts';
import { isZone, localText } from './wall-time.ts';
import type { CalendarRead } from './watch.ts';

const dayMs = 86_400_000;
const longestDays = 400;

export function calendarOf(core: Core, request: CalendarRequest): Result<CalendarView> {
  const found = findTarget(core, request);
  if (!found.ok) return found;
  const target = found.value;
  const sources = freezeSources(core, target);
  const zone = request.zone ?? sources[0]?.freeze.zone ?? 'UTC';
  const span = spanOf(request, zone, core.clock.now());
  if ('ok' in span) return span;
  return ok({
    name: target.name,
    zone,
    spans: spansOf(sources, span, zone),
    sources: sourcesOf(core, target, sources),
  });
}

function spanOf({ from, to }: CalendarRequest, zone: string, now: number): Span | ReturnType<typeof refuse> {
  if (!isZone(zone))
    return refuse('text-invalid', `${zone.slice(0, 60)} is no IANA time zone`, 'Such as Europe/Berlin.');
  const first = from === undefined ? now : momentFrom(from, zone);
  const last = to === undefined ? (first ?? now) + 14 * dayMs : momentFrom(to, zone);
  if (first === undefined || last === undefined)
    return refuse(
      'text-invalid',
      `${(first === undefined ? from : to)?.slice(0, 40)} is no date`,
      'A date is written 2026-12-01, with a time 2026-12-01 22:00.',
    );
  if (last <= first || last - first > longestDays * dayMs)
    return refuse('text-invalid', `expected --to after --from, and at most ${longestDays} days later`);
  return { from: first, to: last };
}

/** Cut where a freeze begins or ends; neighbours that are alike are one. */
export function spansOf(sources: readonly FreezeSource[], span: Span, zone: string): readonly CalendarSpan[] {
  const all = occurrencesIn(sources, span);
  const edges = all.flatMap(({ from, to }) => [from, to]).filter((at) => at > span.from && at < span.to);
  const cuts = [...new Set([span.from, ...edges])].toSorted((one, other) => one - other);
  return cuts.map((from, index): CalendarSpan => {
    const to = cuts[index + 1] ?? span.to;
    const frozen = frozenAt(sources, from);
    const held = all.filter((each) => each.from <= from && each.to > from);
    return {
      state: frozen === undefined ? 'open' : 'refused',
      from,
      to,
      local: { from: localText(from, zone), to: localText(to, zone) },
      freezes: held.map(({ name, title }) => (title === undefined ? name : `${name} (${title})`)),
      override: frozen?.override,
      moved: [...new Set(held.flatMap(({ moved }) => moved))],
    };
  });
}

function sourcesOf(core: Core, { settings }: Target, sources: readonly FreezeSource[]): readonly CalendarSourceView[] {
  const now = core.clock.now();
  return (settings.freezes ?? []).flatMap(({ name, rule }, index) => {
    if (rule.kind !== 'calendar') return [];
    const read = isUrl(rule.source)
      ? getSnapshot<CalendarRead>(core.store.db, calendarKey(rule.source))?.value
      : undefined;
    return [
      {
        freeze: name,
        source: shownSource(rule.source),
        ageMs: read?.readAt === undefined ? undefined : Math.max(0, now - read.readAt),
        problem: read?.problem ?? problemOf(sources[index], now),
      },
    ];
  });
}

function problemOf(source: FreezeSource | undefined, now: number): string | undefined {
  try {
    source?.occurrences({ from: now, to: now + 1 });
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** For status: what is old or cannot be read. */
export function calendarWarnings(core: Core): readonly string[] {
  return core.targets.flatMap((target) =>
    target.settings.freezes === undefined
      ? []
      : sourcesOf(core, target, freezeSources(core, target)).flatMap(({ freeze, source, ageMs, problem }) =>
          problem === undefined
            ? []
            : [
                `the calendar of the freeze ${freeze} of ${target.name} (${source}) cannot be read${
                  ageMs === undefined ? '' : `; its copy is ${Math.round(ageMs / 60_000)} min old`
                }: ${problem}`,
              ],
        ),
  );
}
