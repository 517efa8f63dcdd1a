// What every rule sees in a delivery, and what would come of it: found out by doing it and taking it back, so that what is
// shown is what would happen.

import type { Explanation, GivenDelivery, RuleExplanation } from '../builds-api.ts';
import type { Core } from '../orchestrator/core.ts';
import { type Reading, type RuleReading, readDelivery } from './read.ts';
import { type Good, takeGood } from './take.ts';

export function explainDelivery(core: Core, given: GivenDelivery): Explanation {
  const reading = readDelivery(core.settings.builds, given);
  return {
    event: reading.event?.event,
    problem: reading.problem,
    rules: reading.rules.map((each) => explainRule(core, reading, each)),
  };
}

function explainRule(core: Core, { event }: Reading, reading: RuleReading): RuleExplanation {
  const { rule, conditions, takes, build, problem } = reading;
  const base = { service: rule.service, rule: rule.place, conditions, takes, build, problem };
  if (!build || build.conclusion === 'failed') return { ...base, sentence: undefined, reactions: [] };
  const { end, reactions } = rehearse(core, { rule, build, isForked: event?.isForked ?? false });
  return { ...base, sentence: end.sentence, reactions: reactions.map((each) => ({ ...each, deployment: undefined })) };
}

function rehearse(core: Core, wish: Parameters<typeof takeGood>[2]): Good {
  const takenBack = new Error('a rehearsal is taken back');
  let good: Good | undefined;
  try {
    core.store.write((tx) => {
      good = takeGood(core, tx, wish);
      throw takenBack;
    });
  } catch (thrown) {
    if (thrown !== takenBack || !good) throw thrown;
  }
  if (!good) throw takenBack;
  return good;
}
