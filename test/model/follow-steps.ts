// The steps of a deployment and its end, as the log tells them: each begun and done once, undone in turn, one end.

import { expectedSteps } from './expected-steps.ts';
import { type Follow, field } from './following.ts';
import { frozenAt } from './freezes.ts';
import { type Deployment, stepOf } from './model.ts';

const nameIn = ({ row }: Follow): string => row.sentence.split(/[:,]/)[0] ?? '';

export function ofSteps(act: Follow, on: Deployment): boolean {
  const { model, row, seen, demand } = act;
  const isStep = /^(step-|undo-)/.test(row.action);
  if (isStep && on.steps === undefined) {
    on.steps = seen.steps(on.id);
    const expected = expectedSteps(model, on, on.steps);
    demand(on.steps.join() === expected.join(), `the plan is ${expected.join()}, not ${on.steps.join()}`);
  }
  const isHere = () => demand(nameIn(act) === stepOf(on), `the step is ${stepOf(on)}`);
  switch (row.action) {
    case 'step-started':
      demand(!on.unwinding, 'nothing goes on that is taken back');
      isHere();
      on.begun = true;
      return true;
    case 'step-done':
      demand(on.begun && !on.unwinding, 'only what was begun is done, and once');
      isHere();
      on.begun = false;
      on.position += 1;
      return true;
    case 'signal-taken':
      if (row.sentence.endsWith('(promote-full)')) on.position = on.steps?.indexOf('promote') ?? on.position;
      return true;
    case 'undo-started':
      demand(on.unwinding, 'only what is taken back is undone');
      isHere();
      return true;
    case 'step-undone':
    case 'step-passed':
      demand(on.unwinding, 'only what is taken back is undone');
      isHere();
      on.position -= 1;
      return true;
    default:
      return false;
  }
}

const noFault = new Set(['rejected', 'approval-expired', 'hold-expired', 'inconclusive']);

export function ofEnd(act: Follow, on: Deployment): void {
  const { model, row, demand } = act;
  switch (row.action) {
    case 'paused':
      on.pausedAt = row.at;
      return;
    case 'resumed':
      if (on.approval?.status === 'pending') on.approval.deadlineAt += row.at - (on.pausedAt ?? row.at);
      on.pausedAt = undefined;
      return;
    case 'abort-asked':
    case 'rollback-asked':
      on.givenUp = true;
      return;
    case 'freeze-overridden':
      for (const { key } of frozenAt(row.at)) on.overridden.add(key);
      return;
    case 'freeze-holds':
      demand(on.mode !== 'rollback', 'no freeze holds a rollback');
      return;
    case 'turned-back': {
      demand(!on.unwinding && on.outcome === undefined, 'a deployment turns back once');
      const isBlameless = noFault.has(row.code ?? '') || (row.code === 'given-up' && !on.promoted);
      demand(!isBlameless || on.troubled || !model.bad.has(on.version) || on.wasBad, 'a plain end marks nothing bad');
      on.unwinding = true;
      on.pausedAt = undefined;
      on.position = Math.min(on.position, (on.steps?.length ?? 1) - 1);
      if (on.approval?.status === 'pending') on.approval.status = 'cancelled';
      return;
    }
    case 'deployment-finished':
      finish(act, on);
      return;
    default:
  }
}

function finish(act: Follow, on: Deployment): void {
  const { model, row, demand } = act;
  const outcome = field<string>(act, 'outcome');
  demand(on.outcome === undefined && model.live === on, 'a deployment ends once');
  if (outcome === 'promoted') {
    demand(!on.unwinding && on.position === on.steps?.length, 'promoted is what has done all its steps');
    demand(model.active?.slot === on.slot, 'what was promoted serves');
  } else if (outcome !== 'halted') {
    demand((on.unwinding && on.position < 0) || on.steps === undefined, 'given up is what has undone all its steps');
    demand(!on.troubled ? model.active?.slot === on.from?.slot : true, 'the side before serves again');
    demand((outcome === 'rolled-back') === on.promoted, 'a rollback is what comes after all users were moved');
  }
  const { status } = on.approval ?? {};
  const isHandled = on.givenUp || status === 'rejected' || status === 'expired' || row.code === 'hold-expired';
  demand(
    on.troubled || isHandled || outcome === 'promoted',
    `without a fault a deployment is promoted, not ${outcome}`,
  );
  model.tally(outcome);
  on.outcome = outcome;
  on.finishedAt = row.at;
  model.live = undefined;
  model.ended.push(on);
}
