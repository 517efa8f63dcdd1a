// Events of an iCalendar text as freezes. Its recurrences are expanded in wall time; the moments come from the IANA zone of the
// event, from its VTIMEZONE where the name is no IANA zone, else from the zone of the freeze.

import { createRequire } from 'node:module';
import type ICAL from 'ical.js';
import type { FreezeSettings } from '../../config/freezes/settings.ts';
import type { Occurrence, Span } from './occurrence.ts';
import { temporal } from './temporal.ts';
import { isZone, momentOf, wallText } from './wall-time.ts';

type IcalApi = typeof ICAL;
type IcalTime = InstanceType<IcalApi['Time']>;
type IcalEvent = InstanceType<IcalApi['Event']>;
let loaded: IcalApi | undefined;

function ical(): IcalApi {
  loaded ??= createRequire(import.meta.url)('ical.js') as IcalApi;
  return loaded;
}

export const mostCalendarBytes = 1 << 20;
const mostEvents = 2_000;
/** Of all events together: a rule that repeats every second must not hold up a deployment. */
const mostRepeats = 20_000;

/** @throws Error that says what is wrong with the text */
export function calendarOccurrences(
  freeze: Pick<FreezeSettings, 'name' | 'zone'>,
  span: Span,
  text: string,
): readonly Occurrence[] {
  const root = ical().Component.fromString(text);
  if (root.name !== 'vcalendar') throw new Error('the text is no iCalendar: it does not begin with BEGIN:VCALENDAR');
  const components = root.getAllSubcomponents('vevent');
  if (components.length > mostEvents) throw new Error(`the calendar has more than ${mostEvents} events`);
  const events = components.map((component) => new (ical().Event)(component)).filter(counts);
  let left = mostRepeats;
  const found: Occurrence[] = [];
  for (const event of events)
    for (const { startDate, endDate } of starts(event, span, () => {
      left -= 1;
      if (left < 0) throw new Error(`the calendar has more than ${mostRepeats} repetitions`);
    }))
      found.push(toOccurrence(freeze, event, { startDate, endDate }));
  return found;
}

/** An exception is found through the event that it belongs to. */
const counts = (event: IcalEvent): boolean => !event.isRecurrenceException() && !isCancelled(event);

const isCancelled = ({ component }: IcalEvent): boolean =>
  String(component.getFirstPropertyValue('status') ?? '').toUpperCase() === 'CANCELLED';

interface Ends {
  readonly startDate: IcalTime;
  readonly endDate: IcalTime;
}

/** No zone is further than that from UTC, and a clock change moves by less. */
const slackMs = 2 * 86_400_000;

function* starts(event: IcalEvent, span: Span, count: () => void): Generator<Ends> {
  if (!event.isRecurring()) {
    yield event;
    return;
  }
  const iterator = event.iterator();
  for (let next = iterator.next(); next; next = iterator.next()) {
    count();
    if (wallMs(next) > span.to + slackMs) return;
    const details = event.getOccurrenceDetails(next);
    if (wallMs(details.endDate) >= span.from - slackMs && !isCancelled(details.item)) yield details;
  }
}

const wallMs = ({ year, month, day, hour, minute, second }: IcalTime): number =>
  Date.UTC(year, month - 1, day, hour, minute, second);

function toOccurrence({ name, zone }: Pick<FreezeSettings, 'name' | 'zone'>, event: IcalEvent, ends: Ends): Occurrence {
  const first = moment(event, ends.startDate, { property: 'dtstart', zone, edge: 'begins' });
  const last = moment(event, ends.endDate, { property: 'dtend', zone, edge: 'ends' });
  return {
    name,
    zone: first.zone,
    title: event.summary || undefined,
    from: first.at,
    to: last.at,
    wall: { from: first.wall, to: last.wall },
    moved: [first.moved, last.moved].filter((each) => each !== undefined),
  };
}

interface Asked {
  readonly property: 'dtstart' | 'dtend';
  readonly zone: string;
  readonly edge: 'begins' | 'ends';
}

function moment({ component }: IcalEvent, time: IcalTime, { property, zone, edge }: Asked) {
  const { year, month, day, hour, minute, second, isDate } = time;
  const { PlainDateTime } = temporal();
  const wall = new PlainDateTime(year, month, day, isDate ? 0 : hour, isDate ? 0 : minute, isDate ? 0 : second);
  const own = component.getFirstProperty(property) ?? component.getFirstProperty('dtstart');
  const named = time.zone?.tzid === 'UTC' ? 'UTC' : own?.getFirstParameter('tzid');
  const isFloating = isDate || named === undefined;
  if (isFloating || isZone(named)) {
    const where = isFloating ? zone : named;
    return { ...momentOf(wall, where, edge), wall: wallText(wall), zone: where };
  }
  if (time.zone?.component) return { at: time.toUnixTime() * 1_000, moved: undefined, wall: wallText(wall), zone };
  throw new Error(`the calendar names the zone "${named.slice(0, 60)}", which is no IANA zone, and does not define it`);
}
