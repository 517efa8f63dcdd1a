// A step by its name, as plans and journals keep it.

import type { PlannedStep, StepName } from '../../../domain/deployment.ts';
import type { Step } from '../step.ts';
import { steps } from './registry.ts';

const byName: ReadonlyMap<StepName, Step> = new Map(steps.map((step: Step) => [step.name, step]));

/** Undefined for `fetching` and `finished`, and for a step that only another version of this program knows. */
export const knownStep = (name: StepName | undefined): Step | undefined =>
  name === undefined ? undefined : byName.get(name);

export function stepNamed(name: StepName): Step {
  const step = byName.get(name);
  if (step) return step;
  throw new Error(
    `this version knows no step "${name}": the deployment was planned by another one, which can finish it`,
  );
}

/** What a planned step does, for people: `send 10 % of users to v2.1`. */
export const stepTitle = (planned: PlannedStep, version: string): string =>
  knownStep(planned.name)?.title(planned, version) ?? planned.name;

/** Those that a person can move on. */
export const promotableSteps = (): readonly StepName[] =>
  [...byName.values()].flatMap(({ name, promote }) => (promote === 'nothing' ? [] : [name]));
