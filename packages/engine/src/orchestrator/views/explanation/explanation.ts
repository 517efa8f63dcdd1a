// What decided a canary, from its timeline and the notes of its journal. Pure, so that it reads the same years later.

import type { Judgement } from '../../../analysis/judge.ts';
import type { Decider, ExplanationView, JudgedShare, JudgedWith, PersonAct, Stance } from '../../../api/explanation.ts';
import type { StepNumbers, TimelineEntry, TimelineStep, TimelineView } from '../../../api/timeline.ts';
import { personOf } from '../../../domain/actor.ts';
import type { StepRow } from '../../../state/deployments.ts';
import { noteOf } from '../timeline/journal-note.ts';
import { wordsOf } from './rule.ts';

/** Of the step that runs: its note is written with its end. */
export interface Present {
  readonly numbers: StepNumbers;
  readonly judged: JudgedWith;
}

export interface ExplanationSources {
  readonly timeline: TimelineView;
  readonly journal: readonly StepRow[];
  readonly present: Present | undefined;
}

export function explanationOf({ timeline, journal, present }: ExplanationSources): ExplanationView {
  const { id, service, target, name, version, from, slot, outcome } = timeline;
  const notes = new Map(
    journal.filter(({ direction }) => direction === 'forward').map((row) => [row.position, noteOf(row)]),
  );
  const shares = timeline.steps
    .filter(({ direction }) => direction === 'forward')
    .flatMap((step) => {
      const { numbers, judged } = (step.endedAt === undefined ? present : notes.get(step.position)) ?? {};
      return numbers === undefined ? [] : [shareOf(step, numbers, judged)];
    })
    // A step that begins in the same millisecond as the last look of the one before did not look.
    .filter(({ numbers }, index, all) => numbers.at !== all[index - 1]?.numbers.at);
  const decisive = shares.findLast(({ code }) => code === 'canary-failed' || code === 'inconclusive');
  const acts = timeline.entries.flatMap((entry) => actOf(entry, shares));
  return {
    ...{ id, service, target, name, version, from, slot, outcome },
    summary: summaryOf(timeline, shares, decisive),
    decidedAt: decisive?.position,
    shares,
    acts,
    confounders: timeline.trend?.marks ?? [],
    remarks: [...timeline.remarks, ...remarksOf(shares)],
  };
}

function shareOf(step: TimelineStep, numbers: StepNumbers, judged: JudgedWith | undefined): JudgedShare {
  const { title, position, startedAt, endedAt, sentence, code } = step;
  const decider = deciderOf(numbers.judgement, judged);
  return {
    ...{ title, position, startedAt, endedAt, sentence, code, numbers, decider, judged },
    metric: metricOf(numbers.judgement, decider),
    words: judged === undefined ? [] : wordsOf(judged),
  };
}

/** A verdict has the sentence of whose answer it is. */
function deciderOf({ verdict, sentence }: Judgement, judged: JudgedWith | undefined): Decider {
  const check = judged?.checks.find(({ name }) => sentence.startsWith(`check ${name}: `));
  if (check) return { by: 'check', check: check.name };
  if (verdict === 'Error') return { by: 'measurement' };
  const isCompared = judged?.rule.mode === 'automatic' && judged.advice?.sentence === sentence;
  return { by: isCompared ? 'comparison' : 'limits' };
}

function metricOf({ verdict, metric }: Judgement, decider: Decider): string | undefined {
  if (verdict !== 'Failed') return undefined;
  return decider.by === 'check' ? decider.check : (metric ?? 'error-rate');
}

function summaryOf(
  { outcome }: TimelineView,
  shares: readonly JudgedShare[],
  decisive: JudgedShare | undefined,
): string {
  const last = shares.at(-1);
  if (last === undefined) return 'no share of users was judged';
  if (decisive) {
    const { decider, numbers, title } = decisive;
    return `${deciderText(decider)} decided in "${title}": ${numbers.judgement.verdict}: ${numbers.judgement.sentence}`;
  }
  if (outcome === undefined) return `not decided yet; so far: ${verdictText(last)}`;
  if (outcome.kind === 'promoted') return `no verdict was against it; at the end: ${verdictText(last)}`;
  return `not a verdict ended it: ${outcome.sentence}; the last verdict was ${verdictText(last)}`;
}

const verdictText = ({ numbers: { judgement } }: JudgedShare): string => `${judgement.verdict}: ${judgement.sentence}`;

function deciderText(decider: Decider): string {
  switch (decider.by) {
    case 'check':
      return `check ${decider.check}`;
    case 'comparison':
      return 'the comparison of both sides';
    case 'measurement':
      return 'what could not be measured';
    case 'limits':
      return 'the fixed limits';
    default:
      return decider satisfies never;
  }
}

/** Of those actions of people that concern the verdict. */
const effects: Readonly<Partial<Record<string, 'on' | 'back' | 'neither'>>> = {
  'promoted-on': 'on',
  approved: 'on',
  'glass-broken': 'on',
  'abort-asked': 'back',
  'rollback-asked': 'back',
  rejected: 'back',
  paused: 'neither',
  resumed: 'neither',
  'author-good': 'on',
  'author-stopped': 'back',
};

function actOf({ at, actor, action, sentence, about }: TimelineEntry, shares: readonly JudgedShare[]): PersonAct[] {
  const effect = effects[action];
  if (effect === undefined || about !== 'deployment' || personOf(actor) === undefined) return [];
  const share = shares.findLast(({ startedAt, endedAt }) => startedAt <= at && at <= (endedAt ?? at));
  const toward = (judgement: Judgement | undefined) =>
    effect === 'neither' || judgement === undefined ? undefined : stanceOf(effect, judgement);
  return [
    {
      ...{ at, by: actor, action, sentence, during: share?.title },
      toVerdict: toward(share?.numbers.judgement),
      toComparison: toward(share?.judged?.advice),
    },
  ];
}

function stanceOf(effect: 'on' | 'back', { verdict }: Judgement): Stance {
  if (verdict !== 'Failed' && verdict !== 'Successful') return 'open';
  return (effect === 'on') === (verdict === 'Successful') ? 'with' : 'against';
}

function remarksOf(shares: readonly JudgedShare[]): readonly string[] {
  return shares.some(({ judged }) => judged === undefined)
    ? ['an earlier version judged it and stored only the verdict: rule, comparison and checks are not known']
    : [];
}
