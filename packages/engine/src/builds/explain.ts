// What every rule sees in a delivery, and what would come of it: found out by doing it and taking it back, so that what is
// shown is what would happen.

import type { Explanation, GivenDelivery, RuleExplanation } from '../api/builds.ts';
import type { Core } from '../orchestrator/core.ts';
import { type Reading, type RuleReading, readDelivery } from './read.ts';
import { sentAt } from './replayed.ts';
import { type Outcome, takeBuild } from './take.ts';

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
  const base = { service: rule.service, rule: rule.place, conditions, takes, build };
  if (!build) return { ...base, problem, sentence: undefined, reactions: [] };
  const { end, reactions } = rehearse(core, { rule, build, isForked: event?.isForked ?? false, sentAt: sentAt(event) });
  return {
    ...base,
    problem: end.isRefused ? end.sentence : undefined,
    sentence: end.isRefused ? undefined : end.sentence,
    reactions: reactions.map((each) => ({ ...each, deployment: undefined })),
  };
}

function rehearse(core: Core, given: Parameters<typeof takeBuild>[2]): Outcome {
  const takenBack = new Error('a rehearsal is taken back');
  let outcome: Outcome | undefined;
  try {
    core.store.write((tx) => {
      outcome = takeBuild(core, tx, given);
      throw takenBack;
    });
  } catch (thrown) {
    if (thrown !== takenBack) throw thrown;
  }
  if (!outcome) throw takenBack;
  return outcome;
}
