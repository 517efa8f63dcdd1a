// What a plan says of how a release would be run, and whether it could be started now.

import type { PlannedRun } from '../../api/releases.ts';
import { accountSentence, limitsNotes } from '../../config/process/notes.ts';
import { type Refusal, refuse } from '../../domain/refusal.ts';
import type { SlotName } from '../../domain/target.ts';
import { type FolderMeasure, measureFolder } from '../../lib/digest.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { Core, Target } from '../core.ts';
import { preflight, runSettingsOf } from '../plan/release-settings.ts';
import { sizeBefore } from '../views/change.ts';

export interface SeenRun {
  readonly measure: FolderMeasure;
  /** Undefined where the release does not say in a way that can be understood. */
  readonly run: PlannedRun | undefined;
  readonly refusal: Refusal | undefined;
  readonly warnings: readonly string[];
}

export async function lookAtRun(
  { store: { db } }: Core,
  target: Target,
  desired: {
    readonly version: string;
    readonly folder: string;
    readonly slot: SlotName;
    readonly from: string | undefined;
  },
): Promise<SeenRun> {
  const { version, folder, slot, from } = desired;
  const measure = await measureFolder(folder);
  const { digest, bytes, files } = measure;
  try {
    const { smokeTests, warnings, command, commandFrom, templates, notes, risk } = runSettingsOf(target, { folder });
    const change = { bytes, files, ...sizeBefore(db, target.key.service, from ?? null) };
    const account = accountSentence(target.settings.slots[slot]);
    const run = {
      command,
      commandFrom,
      account,
      templates,
      notes,
      risk,
      change,
      smokeTests: smokeTests.map(({ name }) => name),
    };
    const worthALook = [...warnings, ...limitsNotes(target.settings, slot)];
    return {
      measure,
      run,
      warnings: worthALook,
      refusal: refusalOf(() => preflight(target, slot, { version, digest, folder })),
    };
  } catch (thrown) {
    return { measure, run: undefined, warnings: [], refusal: asRefusal(thrown) };
  }
}

function refusalOf(attempt: () => unknown): Refusal | undefined {
  try {
    attempt();
    return undefined;
  } catch (thrown) {
    return asRefusal(thrown);
  }
}

/** What keeps a release from being started is an answer here; anything else is a fault. */
function asRefusal(thrown: unknown): Refusal {
  if (!(thrown instanceof BlueGreenError)) throw thrown;
  return refuse('not-startable', thrown.message, thrown.help).refusal;
}
