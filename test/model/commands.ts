// The commands of fast-check, and one sequence of them from the first deployment to rest.

import fc from 'fast-check';
import { type Act, anyAct, shown } from './acts.ts';
import { type Plan, plans, rulesOf, versions } from './configuration.ts';
import { bringToRest, check, deployAgain, readOn } from './invariants.ts';
import { type Model, newModel } from './model.ts';
import { happen } from './nature.ts';
import { decide } from './perform.ts';
import { type System, startSystem } from './system.ts';
import { newTally } from './tally.ts';

type Command = fc.AsyncCommand<Model, System>;

export const commandOf = (act: Act): Command => ({
  check: (model) => makesSense(act, model),
  toString: () => shown(act),
  run: async (model, system) => {
    await naming(act, model, system, async () => {
      if (!(await happen(model, system, act))) await decide({ model, system }, act);
      await system.settle();
      readOn(model, system);
      check(model, system);
    });
  },
});

/** A click needs a card. */
function makesSense(act: Act, { live, ended, requests }: Readonly<Model>): boolean {
  if ('on' in act) return act.on === 'live' ? live !== undefined : ended.length > 0;
  return act.kind === 'continue'
    ? live !== undefined
    : (act.kind !== 'first' && act.kind !== 'cancel') || requests.size > 0;
}

/** A failure says after which act and where it was. */
async function naming(act: Act, model: Model, system: System, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    const { message } = thrown as Error;
    const where = model.live ? ` (${model.live.mode} ${model.live.version}, step ${model.live.position})` : '';
    const last = system.people.audit
      .after(Math.max(0, model.seq - 12), 100)
      .map(({ action, sentence }) => `  ${action}: ${sentence}`);
    throw new Error(`after "${shown(act)}"${where}: ${message}\n${last.join('\n')}`, { cause: thrown });
  }
}

export interface Sequence {
  readonly plan: Plan;
  /** So many releases have gone live one after the other before it begins. */
  readonly liveBefore: number;
  readonly commands: Iterable<Command>;
}

/** Long ones are as likely as short ones. */
export const anySequence = (maxCommands: number): fc.Arbitrary<Sequence> =>
  fc.record({
    plan: fc.constantFrom(...plans),
    liveBefore: fc.constantFrom(0, 1, 2, 2, 2),
    commands: fc.noBias(fc.commands([anyAct.map(commandOf)], { maxCommands, size: 'max' })),
  });

function* first(liveBefore: number, plan: Plan): Iterable<Act> {
  for (const version of versions.slice(0, liveBefore)) {
    yield {
      kind: 'deploy',
      actor: 'alice',
      version,
      hold: false,
      redeploy: false,
      override: false,
      reason: false,
      inMinutes: 0,
    };
    yield { kind: 'pass', seconds: 8 };
    if (version !== 'v1' && rulesOf[plan].needed > 0)
      for (const actor of ['bob', 'carol'] as const) yield { kind: 'approve', actor, on: 'live', isStale: false };
    if (version !== 'v1') yield { kind: 'pass', seconds: 8 };
  }
}

export async function runSequence({ plan, liveBefore, commands }: Sequence, tally = newTally()): Promise<void> {
  let started: System | undefined;
  const model = newModel(plan, tally.add);
  tally.add('sequences');
  try {
    started = await startSystem(plan);
    const system = started;
    for (const slot of ['blue', 'green'] as const) system.balancers.busy(slot, { requests: 1_000 });
    const before = [...first(liveBefore, plan)].map(commandOf);
    await fc.asyncModelRun(() => ({ model, real: system }), before);
    await fc.asyncModelRun(() => ({ model, real: system }), commands);
    await naming({ kind: 'pass', seconds: 0 }, model, system, async () => {
      await bringToRest(model, system);
      await deployAgain(model, system);
    });
  } finally {
    await started?.close();
  }
}
