// Things that happen on two targets, as rows of an audit log and as a plain list of notes. The notes are written by rules
// of their own, which know no rows.

import fc from 'fast-check';
import type { SlotName } from '../../domain/target.ts';
import { createLog, type Log } from './rows.ts';

type Act =
  | 'deploy'
  | 'put-first'
  | 'redeploy'
  | 'taken-back'
  | 'rollback'
  | 'canary-fails'
  | 'canary-given-up'
  | 'never-healthy'
  | 'falls-ill'
  | 'recovers';

const acts: readonly Act[] = [
  'deploy',
  'put-first',
  'redeploy',
  'taken-back',
  'rollback',
  'canary-fails',
  'canary-given-up',
  'never-healthy',
  'falls-ill',
  'recovers',
];

interface Chosen {
  readonly target: string;
  readonly act: Act;
  /** Between the rows of the act. */
  readonly steps: readonly number[];
  readonly hasCommit: boolean;
  readonly pick: number;
}

export const act: fc.Arbitrary<Chosen> = fc.record({
  target: fc.constantFrom('production', 'staging'),
  act: fc.constantFrom(...acts),
  steps: fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 5, maxLength: 5 }),
  hasCommit: fc.boolean(),
  pick: fc.nat(),
});

/** What was done, as a person would note it. */
export interface Note {
  readonly target: string;
  readonly at: number;
  readonly what:
    | 'finished'
    | 'deployment'
    | 'change'
    | 'way-back'
    | 'restored'
    | 'rollback'
    | 'lead-commit'
    | 'lead-request';
  readonly ms?: number;
  isFailed?: boolean;
  readonly isRework?: boolean;
}

interface Place {
  live: SlotName;
  /** All that were live, by age. */
  readonly versions: string[];
  version: string | undefined;
  /** That the live release came with; undefined for one that users were taken back to. */
  change: Note | undefined;
  illSince: number | undefined;
}

export interface Told {
  readonly log: Log;
  readonly notes: readonly Note[];
  readonly unrestored: readonly { readonly target: string; readonly began: number }[];
  readonly begin: number;
  readonly end: number;
}

interface Telling extends Chosen {
  readonly log: Log;
  readonly place: Place;
  readonly number: number;
  /** The next moment. */
  next(): number;
  note(entry: Omit<Note, 'target'>): Note;
}

const begin = 1_000_000;

export function tell(chosen: readonly Chosen[]): Told {
  const log = createLog();
  const notes: Note[] = [];
  const places = new Map<string, Place>();
  let now = begin;
  for (const [number, each] of chosen.entries()) {
    const { target, steps } = each;
    const place = places.get(target) ?? newPlace();
    places.set(target, place);
    let step = 0;
    const telling: Telling = {
      ...each,
      log,
      place,
      number,
      next: () => {
        now += steps[step % steps.length] ?? 0;
        step += 1;
        return now;
      },
      note: (entry) => {
        const made = { target, ...entry };
        notes.push(made);
        return made;
      },
    };
    if (place.version !== undefined || each.act === 'deploy') happens[each.act](telling);
  }
  const unrestored = [...places].flatMap(([target, { illSince }]) =>
    illSince === undefined ? [] : [{ target, began: illSince }],
  );
  return { log, notes, unrestored, begin, end: now + 1 };
}

const newPlace = (): Place => ({
  live: 'green',
  versions: [],
  version: undefined,
  change: undefined,
  illSince: undefined,
});

const happens: Readonly<Record<Act, (telling: Telling) => void>> = {
  deploy: (telling) => goesLive(telling, { version: newVersion(telling), mode: 'deploy' }),
  'put-first': (telling) => {
    const version = newVersion(telling);
    telling.log.write(telling.next(), {
      service: 'shop',
      target: telling.target,
      action: 'request-first',
      detail: { request: 'w_1', version },
    });
    goesLive(telling, { version, mode: 'deploy', isHotfix: true });
  },
  redeploy: (telling) => goesLive(telling, { version: telling.place.version ?? '', mode: 'redeploy' }),
  rollback: (telling) => {
    const { versions, version = '' } = telling.place;
    const older = versions.slice(0, versions.indexOf(version));
    const to = older[telling.pick % Math.max(1, older.length)];
    if (to !== undefined) goesLive(telling, { version: to, mode: 'rollback' });
  },
  'taken-back': takenBack,
  'canary-fails': (telling) => canary(telling, true),
  'canary-given-up': (telling) => canary(telling, false),
  'never-healthy': ({ log, next, note, ...telling }) => {
    const asked = askedBy(telling, { version: newVersion(telling), mode: 'deploy' });
    log.asked(next(), asked);
    log.turnedBack(next(), asked, 'never-healthy');
    const at = next();
    log.finished(at, asked, 'failed', 'never-healthy');
    note({ what: 'finished', at });
  },
  'falls-ill': ({ log, place, target, next }) => {
    const at = next();
    log.health(at, { service: 'shop', target }, place.live, { is: 'unhealthy' });
    place.illSince ??= at;
  },
  recovers: (telling) => {
    const { log, place, target, next } = telling;
    const at = next();
    log.health(at, { service: 'shop', target }, place.live, { is: 'healthy' });
    restored(telling, at);
  },
};

interface Going {
  readonly version: string;
  readonly mode: 'deploy' | 'redeploy' | 'rollback';
  readonly isHotfix?: boolean;
}

const newVersion = ({ number }: Pick<Telling, 'number'>): string => `v${number}`;

const other = (slot: SlotName): SlotName => (slot === 'blue' ? 'green' : 'blue');

const askedBy = ({ place, target, number }: Pick<Telling, 'place' | 'target' | 'number'>, going: Going) => ({
  service: 'shop',
  target,
  id: `d_${number}`,
  slot: other(place.live),
  version: going.version,
  mode: going.mode,
  ...(place.version === undefined ? {} : { from: place.version }),
});

/** An illness ends; nothing to note where there was none. */
function restored({ place, note }: Telling, at: number): boolean {
  const { illSince } = place;
  if (illSince === undefined) return false;
  note({ what: 'restored', at, ms: at - illSince });
  place.illSince = undefined;
  return true;
}

/** Up to all users. */
function promote(telling: Telling, going: Going) {
  const { log, place, target, number, hasCommit, next, note } = telling;
  const asked = askedBy(telling, going);
  const isNew = going.mode === 'deploy';
  const committedAt = begin - number;
  if (hasCommit && isNew) log.announced(next(), { id: number, version: going.version, committedAt });
  const requested = next();
  log.asked(requested, asked);
  log.write(next(), {
    service: 'shop',
    target,
    deploymentId: asked.id,
    action: 'slot-claimed',
    detail: { slot: asked.slot },
  });
  const at = next();
  log.shared(at, asked, 100);
  const wasIll = restored(telling, at);
  // The engine watches the side that users left too.
  log.health(at, { service: 'shop', target }, place.live, { is: 'healthy', role: 'standby' });
  const isBack = going.mode === 'rollback';
  if (isBack && !wasIll) note({ what: 'restored', at, ms: at - requested });
  const made = note({
    what: isBack ? 'way-back' : 'change',
    at,
    isRework: isBack || wasIll || going.isHotfix === true,
  });
  if (isBack && place.change) place.change.isFailed = true;
  if (!isBack) note({ what: 'deployment', at });
  if (isNew && hasCommit) note({ what: 'lead-commit', at, ms: at - committedAt });
  if (isNew && !hasCommit) note({ what: 'lead-request', at, ms: at - requested });
  if (isNew) place.versions.push(going.version);
  return { asked, requested, made };
}

function goesLive(telling: Telling, going: Going): void {
  const { log, place, next, note } = telling;
  const { asked, requested, made } = promote(telling, going);
  const isBack = going.mode === 'rollback';
  place.live = asked.slot;
  place.version = going.version;
  place.change = isBack ? undefined : made;
  const proved = next();
  log.proved(proved, asked);
  if (isBack) note({ what: 'rollback', at: proved, ms: proved - requested });
  const at = next();
  log.finished(at, asked, 'promoted', going.mode);
  note({ what: 'finished', at });
}

function takenBack(telling: Telling): void {
  const { log, next, note } = telling;
  const { asked, made } = promote(telling, { version: newVersion(telling), mode: 'deploy' });
  const clicked = next();
  log.said(clicked, asked, 'rollback-asked');
  log.turnedBack(next(), asked, 'given-up');
  const gone = next();
  log.shared(gone, asked, 0);
  made.isFailed = true;
  note({ what: 'restored', at: gone, ms: gone - clicked });
  note({ what: 'rollback', at: gone, ms: gone - clicked });
  const at = next();
  log.finished(at, asked, 'rolled-back', 'given-up');
  note({ what: 'finished', at });
}

function canary(telling: Telling, isFailure: boolean): void {
  const { log, place, next, note } = telling;
  const asked = askedBy(telling, { version: newVersion(telling), mode: 'deploy' });
  const code = isFailure ? 'canary-failed' : 'given-up';
  log.asked(next(), asked);
  const users = next();
  log.shared(users, asked, 10);
  const turned = next();
  log.turnedBack(turned, asked, code);
  const gone = next();
  log.shared(gone, asked, 0);
  if (isFailure) note({ what: 'change', at: users, isFailed: true });
  // Users of the other side had a trouble of their own, which goes on.
  if (isFailure && place.illSince === undefined) note({ what: 'restored', at: gone, ms: gone - turned });
  const at = next();
  log.finished(at, asked, isFailure ? 'failed' : 'aborted', code);
  note({ what: 'finished', at });
}
