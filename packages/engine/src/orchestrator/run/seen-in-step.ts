// What a step leaves in the journal for those who look back: snapshots are overwritten by the next step, and the log of
// a side by the next release in its slot.

import type { Observation, Receipt } from '../../api/deployment.ts';
import { noteStep, readStep, type StepKey } from '../../state/deployments.ts';
import { getSnapshot, observationKey, receiptKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { readRouting } from '../../state/targets.ts';
import { placeOf, requireTarget } from '../core.ts';
import { shareOf } from '../routing/routing.ts';
import { ruleOf } from '../views/explanation/rule.ts';
import { type JournalNote, judgedWith, numbersOf } from '../views/timeline/journal-note.ts';
import type { Run } from './journal.ts';
import type { StepResult } from './step.ts';

const quotedLines = 20;
const longestText = 500;

interface Ended {
  /** By the monotonic clock. */
  readonly beganMs: number;
  readonly result: StepResult;
}

/** Reads only, so that nothing here can be a reason for a step to fail. */
export function seenInStep(run: Run, key: StepKey, { beganMs, result }: Ended): JournalNote {
  const { core, row } = run;
  const { db } = core.store;
  const step = readStep(db, key);
  if (!step) return {};
  const observation = getSnapshot<Observation>(db, observationKey(row.id));
  const receipt = getSnapshot<Receipt>(db, receiptKey(row.id));
  const log = result.kind === 'failed' ? quoteOfSide(run) : [];
  return {
    // A step that another process began was not seen as a whole by this one.
    ...(step.attempts === 1 ? { ms: Math.max(0, core.clock.monotonic() - beganMs) } : {}),
    ...(observation && observation.at >= step.startedAt ? judgedIn(run, observation.value) : {}),
    ...(receipt && receipt.at >= step.startedAt ? { receipt: receipt.value } : {}),
    ...(log.length === 0 ? {} : { log }),
  };
}

function judgedIn({ core, row }: Run, observation: Observation): JournalNote {
  const { key, settings } = requireTarget(core, row);
  const percent = shareOf(readRouting(core.store.db, key).intent, row.slot);
  return {
    numbers: numbersOf(observation),
    judged: judgedWith({ observation, rule: ruleOf(settings.judge), percent }),
  };
}

/** Sides, and those who answer for a check, write whatever they like. A secret that is cut in two would stay. */
export function noteSeen(tx: Tx, key: StepKey, seen: JournalNote): void {
  const bounded = (_: string, value: unknown) =>
    typeof value === 'string' ? tx.redact(value).slice(0, longestText) : value;
  noteStep(tx, key, JSON.parse(JSON.stringify(seen, bounded)));
}

/** Of the new side, where it is this deployment's. */
function quoteOfSide({ core, row }: Run): readonly string[] {
  const target = requireTarget(core, row);
  try {
    if (target.environment.startedAs({ ...target.key, slot: row.slot })?.version !== row.version) return [];
    const lines = target.environment.quoteLog(placeOf(target, row.slot), quotedLines);
    return lines;
  } catch (thrown) {
    core.log.warn({ deployment: row.id, err: thrown }, 'the log of the new side could not be read');
    return [];
  }
}
