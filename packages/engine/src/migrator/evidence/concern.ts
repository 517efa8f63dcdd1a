// Which release a change concerns, and how much is known about it. Pure.

import type { Change, ChangeKind } from './diff.ts';
import { isKnown, type ReleaseNeeds, touches, type Use } from './needs.ts';
import type { Coverage, Evidence } from './report.ts';

export interface Concern {
  readonly release: ReleaseNeeds;
  readonly use: Use;
  readonly smoke: Coverage['smoke'];
  /** Why the author takes a file's hazards on, by file. */
  readonly accepted: Readonly<Record<string, string>>;
}

export function concernEvidence(changes: readonly Change[], concern: Concern): readonly Evidence[] {
  return changes.flatMap((change) => {
    const found = isKnown(concern.release) ? known(change, concern) : unknown(change);
    return found === undefined ? [] : [softened(change, concern, found)];
  });
}

interface Found extends Pick<Evidence, 'layer' | 'effect'> {
  readonly because: string;
}

/** Its needs are known: only what touches them counts. What its statements name is tried on the server itself. */
function known(change: Change, { release, use }: Concern): Found | undefined {
  const { reads = [], writes = [] } = release.declared ?? {};
  const audience = audienceOf[change.kind];
  const declared = [...(audience === 'writers' ? [] : reads), ...(audience === 'readers' ? [] : writes)];
  const recorded = [...(audience === 'writers' ? [] : use.reads), ...(audience === 'readers' ? [] : use.writes)];
  if (audience === 'nobody') return undefined;
  if (touches(declared, change.object))
    return {
      layer: 'manifest',
      effect: breaking.has(change.kind) ? 'breaks' : 'unclear',
      because: 'it declares to need it',
    };
  if (change.kind === 'gone')
    return touches(use.stars, change.object)
      ? { layer: 'diff', effect: 'unclear', because: 'it takes all columns there are' }
      : undefined;
  // The INSERTs of recorded statements are checked one by one.
  if (change.kind === 'required-added') return undefined;
  if (!touches([...recorded, ...use.stars, ...use.routines], change.object)) return undefined;
  return { layer: 'diff', effect: change.kind === 'retyped' ? 'breaks' : 'unclear', because: 'its statements use it' };
}

/** Nothing is known of its needs: it may need anything. */
function unknown(change: Change): Found | undefined {
  if (audienceOf[change.kind] === 'nobody') return undefined;
  return { layer: 'diff', effect: 'unclear', because: 'no one said what it needs' };
}

/** What else speaks for it: the release carries the file, the author has a reason, its smoke tests passed. */
function softened(change: Change, concern: Omit<Concern, 'use'>, found: Found): Evidence {
  const { release } = concern;
  const excuse = excuseOf(change, concern, found);
  return {
    layer: found.layer,
    release: release.release,
    file: change.file,
    object: change.object,
    classes: [change.kind === 'unique-added' ? 'depends-on-data' : 'breaks-old'],
    effect: excuse === undefined ? found.effect : 'said',
    sentence: `${change.sentence}: ${release.release} may fail, ${found.because}${excuse === undefined ? '' : ` (${excuse})`}`,
  };
}

function excuseOf(
  { kind, file }: Change,
  { release, smoke, accepted }: Omit<Concern, 'use'>,
  { layer, effect }: Found,
): string | undefined {
  // A declared need of what goes is a contradiction in the release itself: no excuse.
  if (release.files.includes(file) && !(kind === 'gone' && layer === 'manifest')) return 'it carries this file itself';
  if (effect !== 'unclear') return undefined;
  if (accepted[file] !== undefined) return `accepted: ${accepted[file]}`;
  // Rows that violate a unique index are production's: smoke tests do not have them.
  if (smoke === 'passed' && kind !== 'unique-added') return 'its smoke tests passed on the changed schema';
  return undefined;
}

/** The statements that a change can break. */
const audienceOf: Readonly<Record<ChangeKind, 'readers' | 'writers' | 'both' | 'nobody'>> = {
  'column-added': 'nobody',
  'required-added': 'writers',
  gone: 'both',
  retyped: 'both',
  widened: 'nobody',
  tightened: 'writers',
  loosened: 'readers',
  'default-gone': 'writers',
  'default-changed': 'nobody',
  'rule-added': 'writers',
  'unique-added': 'writers',
  'row-security': 'both',
  'rule-gone': 'nobody',
  behaves: 'both',
  'label-gone': 'both',
  'grant-gone': 'both',
};

/** Certain to fail for every release that declared to need it. */
const breaking: ReadonlySet<ChangeKind> = new Set(['gone', 'required-added', 'retyped', 'grant-gone']);
