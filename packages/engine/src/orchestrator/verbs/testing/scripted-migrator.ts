// A migrator that answers what a test has it answer, for the verbs: what they make of its answers, refusals and faults.
// What a migrator does with a database is tested on the fake of testing/fake-migrator.ts.

import { MigrationError } from '../../../migrator/error.ts';
import type { CompatReport, Verdict } from '../../../migrator/evidence/report.ts';
import type { Migrator, SchemaAct, SchemaPlan } from '../../../migrator/migrator.ts';
import { noMigrator } from '../../../migrator/none.ts';
import type { MigrationEvent } from '../../../migrator/phases/context.ts';

/** What one run says, before it returns the ids or throws. */
export interface ScriptedRun {
  readonly says?: readonly MigrationEvent[];
  readonly throws?: Error;
  /** The run waits for this, or for the end of its signal. */
  readonly until?: Promise<void>;
}

export interface ScriptedMigrator extends Migrator {
  /** Every change, in order: `expand 001`, `contract 002`, `restore point c_1`. */
  readonly story: readonly string[];
  /** What a plan says from now on, for every release. */
  plans(change: Partial<SchemaPlan>): void;
  /** The release in a folder of this name cannot run without these migrations' old shape. */
  needs(version: string, ids: readonly string[]): void;
  /** The verdict of an assessment from now on. */
  judges(verdict: Verdict): void;
  /** Every question throws this, until it is called without one. */
  refuses(why?: Error): void;
  /** How the next runs act. */
  runs(how: ScriptedRun): void;
}

export function createScriptedMigrator(): ScriptedMigrator {
  const story: string[] = [];
  const needs = new Map<string, readonly string[]>();
  const gone = new Set<string>();
  let plan: Partial<SchemaPlan> = {};
  let verdict: Verdict = 'compatible';
  let refusal: Error | undefined;
  let how: ScriptedRun = {};
  const asked = <T>(answer: T): T => {
    if (refusal) throw refusal;
    return answer;
  };
  const lostFor = (folder: string, afterwards: readonly string[]): readonly string[] =>
    (needs.get(folder.split('/').at(-1) ?? '') ?? []).filter((id) => gone.has(id) || afterwards.includes(id));
  return {
    ...noMigrator,
    story,
    plans: (change) => {
      plan = change;
    },
    needs: (version, ids) => void needs.set(version, ids),
    judges: (next) => {
      verdict = next;
    },
    refuses: (why) => {
      refusal = why;
    },
    runs: (next) => {
      how = next;
    },
    kind: 'sqlite',
    place: () => 'shop.sqlite',
    plan: async (folder) => asked({ ...(await noMigrator.plan(folder)), ...plan }),
    status: async (folder) => asked(await noMigrator.status(folder)),
    compatible: async (folders, afterwards = []) =>
      asked(
        folders.map((folder) => {
          const lost = lostFor(folder, afterwards);
          return lost.length === 0
            ? { verdict: 'compatible', evidence: 'it needs nothing that is gone', lost }
            : { verdict: 'incompatible', evidence: `it needs what ${lost.join(', ')} takes away`, lost };
        }),
      ),
    assess: async (): Promise<CompatReport> =>
      asked({
        verdict,
        additive: true,
        findings: verdict === 'incompatible' ? [{ ...breaking }] : [],
        coverage: [],
        scratch: 'none',
        notChecked: [],
      }),
    tryOn: async (_folder, { copy }) => {
      story.push(`try on ${copy}`);
      return asked({
        ok: true,
        steps: [],
        statements: [],
        waiting: [],
        tookMs: 1,
        problem: undefined,
        hint: undefined,
      });
    },
    activity: async () =>
      asked({
        connections: undefined,
        sessions: [],
        moreSessions: 0,
        replicas: [],
        indexBuilds: [],
        notSeen: [],
      }),
    run: async (_folder, act, { signal, say }) => {
      for (const event of asked(how).says ?? []) say(event);
      if (how.until) await Promise.race([how.until, aborted(signal)]);
      if (signal.aborted) throw new MigrationError('stopped', 'it was stopped');
      if (how.throws) throw how.throws;
      const ids = idsOf(act, { ...(await noMigrator.plan('')), ...plan });
      if (ids.length > 0) story.push(`${act.kind} ${ids.join(', ')}`);
      if (act.kind === 'contract') for (const id of ids) gone.add(id);
      return ids;
    },
  };
}

const breaking = {
  layer: 'static',
  release: 'v1',
  file: '001.expand.sql',
  object: 'orders.price',
  classes: [],
  effect: 'breaks',
  sentence: 'v1 reads orders.price',
} as const;

function idsOf(act: SchemaAct, { expand, backfill }: SchemaPlan): readonly string[] {
  switch (act.kind) {
    case 'expand':
      return expand;
    case 'backfill':
      return backfill;
    case 'contract':
      return act.ids;
    case 'revert':
      return [act.id];
    case 'baseline':
      return [act.upTo.toString()];
    case 'repair':
      return [act.repair.kind];
    default:
      return act satisfies never;
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
