// What every rule sees in a delivery, and what would result: the delivery is taken and rolled back, so that the output
// is what would happen.

import type { Explanation, GivenPayload, RuleExplanation } from '../api/builds.ts';
import { buildHosts } from '../domain/code-hosts.ts';
import { readJsonObject } from '../lib/json-object.ts';
import type { BuildsContext } from './flow.ts';
import { type Reading, type RuleReading, readDelivery } from './read.ts';
import { sentAt } from './replayed.ts';
import { type Outcome, takeBuild } from './take.ts';

export function explainPayload(context: BuildsContext, { hook, kind, body }: GivenPayload): Explanation {
  const parsed = readJsonObject(body);
  if (!parsed.ok) return { hook: hook ?? buildHosts[0], event: undefined, problem: parsed.problem, rules: [] };
  const hooks = hook === undefined ? buildHosts : [hook];
  const readings = hooks.map((each) => ({
    hook: each,
    reading: readDelivery(context.settings.builds, { hook: each, kind: kind ?? '', document: parsed.value }),
  }));
  const known = readings.find(({ reading }) => reading.event !== undefined || reading.problem !== undefined);
  return known ? explainReading(context, known) : { hook, event: undefined, problem: undefined, rules: [] };
}

function explainReading(
  context: BuildsContext,
  { hook, reading }: { readonly hook: string; readonly reading: Reading },
): Explanation {
  return {
    hook,
    event: reading.event?.event,
    problem: reading.problem,
    rules: reading.rules.map((each) => explainRule(context, reading, each)),
  };
}

function explainRule(context: BuildsContext, { event }: Reading, reading: RuleReading): RuleExplanation {
  const { rule, conditions, takes, build, problem } = reading;
  const base = { service: rule.service, rule: rule.place, conditions, takes, build };
  if (!build) return { ...base, problem, sentence: undefined, reactions: [] };
  const { end, reactions } = rehearse(context, {
    rule,
    build,
    isForked: event?.isForked ?? false,
    sentAt: sentAt(event),
  });
  return {
    ...base,
    problem: end.isRefused ? end.sentence : undefined,
    sentence: end.isRefused ? undefined : end.sentence,
    reactions: reactions.map((each) => ({ ...each, deployment: undefined })),
  };
}

function rehearse(context: BuildsContext, given: Parameters<typeof takeBuild>[2]): Outcome {
  const rolledBack = new Error('a rehearsal is rolled back');
  let outcome: Outcome | undefined;
  try {
    context.store.write((tx) => {
      outcome = takeBuild(context, tx, given);
      throw rolledBack;
    });
  } catch (thrown) {
    if (thrown !== rolledBack) throw thrown;
  }
  if (!outcome) throw rolledBack;
  return outcome;
}
