// Asks the sources of evidence while users are on the new side. Answers are awaited in the background: a source that is
// slow holds up neither the next look at both sides nor a rollback.

import { addAnswer, type CheckRules, type CheckState, noCheckState } from '../../../analysis/check-judge.ts';
import type { Judgement } from '../../../analysis/judge.ts';
import { addToHistory, type History } from '../../../analysis/witness.ts';
import type { CheckView } from '../../../api/deployment.ts';
import type { CheckSettings, JudgeSettings } from '../../../config/judge/settings.ts';
import type { Answer, Question, SideFacts } from '../../../domain/evidence.ts';
import { otherSlot, type SlotName } from '../../../domain/target.ts';
import type { EvidenceSource } from '../../../evidence/source.ts';
import { deadline } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import { checksKey, getSnapshot, putSnapshot } from '../../../state/snapshots.ts';
import { readSlot } from '../../../state/targets.ts';
import { endpointsOf } from '../../core.ts';
import type { StepFrame } from '../step.ts';

export interface ChecksLook {
  readonly sharedSince: number;
  readonly stable: { readonly requests: number };
  readonly canary: { readonly requests: number };
}

export interface Checks {
  /** Takes the answers that have come, asks what is due, and returns what each check has found. */
  look(look: ChecksLook): readonly CheckView[];
}

/** Written every so many looks; answers that a killed process had taken since are asked for again. */
const looksPerWrite = 5;

interface Remembered {
  readonly sharedSince: number;
  readonly history: History;
  readonly states: Readonly<Record<string, CheckState>>;
}

export function createChecks(frame: StepFrame): Checks {
  const { core, target, deployment } = frame;
  const settings = target.settings.judge;
  const key = checksKey(deployment.id);
  const before = getSnapshot<Remembered>(core.store.db, key)?.value;
  const asked = (target.checks ?? []).map(({ settings: check, source }) => {
    const state = before?.states[check.name] ?? noCheckState();
    return createAsked(frame, { check, source, state, rules: rulesOf(check, settings) });
  });
  let history = before?.history ?? [];
  let since = before?.sharedSince;
  let looks = 0;
  return {
    look: ({ sharedSince, stable, canary }) => {
      if (asked.length === 0) return [];
      if (since !== sharedSince) history = [{ at: sharedSince, stable: 0, canary: 0 }];
      since = sharedSince;
      history = addToHistory(history, { at: core.clock.now(), stable: stable.requests, canary: canary.requests });
      for (const each of asked) each.take({ sharedSince, history });
      looks += 1;
      if (looks % looksPerWrite === 1) {
        const states = Object.fromEntries(asked.map(({ name, state }) => [name, state]));
        core.store.note((db, at) => putSnapshot(db, key, { sharedSince, history, states }, at));
      }
      return asked.map(({ view }) => view());
    },
  };
}

/** The judge's own comparison leaves the checks half of the mistakes that are allowed, see observe.ts. */
function rulesOf(check: CheckSettings, settings: JudgeSettings): CheckRules {
  const pairs = (settings.checks ?? []).filter(({ isPair, dryRun }) => isPair && !dryRun).length;
  return {
    failures: check.failures,
    errors: check.errors,
    inconclusive: check.inconclusive,
    min: check.min,
    max: check.max,
    agree: check.agree,
    falseAlarm: settings.falseRollback / 2 / Math.max(1, pairs),
    leastRequests: settings.minRequests,
    needsProof: settings.mode === 'automatic',
  };
}

interface Asked {
  readonly name: string;
  readonly state: CheckState;
  take(look: { readonly sharedSince: number; readonly history: History }): void;
  view(): CheckView;
}

interface Asking {
  readonly check: CheckSettings;
  readonly source: EvidenceSource;
  readonly state: CheckState;
  readonly rules: CheckRules;
}

function createAsked(frame: StepFrame, { check, source, state, rules }: Asking): Asked {
  const { clock } = frame.core;
  const question = questionOf(frame);
  let dueAt = clock.monotonic();
  let isAsking = false;
  let arrived: { readonly answer: Answer; readonly sharedSince: number } | undefined;
  const ask = (sharedSince: number): void => {
    isAsking = true;
    const limit = deadline(check.timeoutMs, frame.signal);
    void answerOf(source, question, limit, check.timeoutMs).then((answer) => {
      isAsking = false;
      // What was asked for an earlier share, or of a deployment that is being given up, is not of this one.
      if (!frame.signal.aborted) arrived = { answer, sharedSince };
    });
  };
  return {
    name: check.name,
    state,
    take: ({ sharedSince, history }) => {
      if (arrived?.sharedSince === sharedSince) addAnswer(state, rules, { ...arrived, history });
      arrived = undefined;
      if (isAsking || clock.monotonic() < dueAt) return;
      dueAt = clock.monotonic() + check.intervalMs;
      ask(sharedSince);
    },
    view: () => ({
      name: check.name,
      source: check.source,
      effect: check.effect,
      dryRun: check.dryRun,
      judgement: state.standing,
      last: state.last,
      asks: shownBy(source, question),
    }),
  };
}

/** A source that keeps neither its promise nor its limit is one that could not be asked. */
async function answerOf(
  source: EvidenceSource,
  question: Question,
  limit: AbortSignal,
  limitMs: number,
): Promise<Answer> {
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new Error(`no answer within ${limitMs} ms`)), { once: true });
  });
  try {
    return await Promise.race([source.ask(question, limit), late]);
  } catch (thrown) {
    return {
      kind: 'none',
      why: 'failed',
      sentence: limit.aborted ? `no answer within ${limitMs} ms` : messageOf(thrown),
    };
  }
}

function shownBy(source: EvidenceSource, question: Question): readonly string[] {
  try {
    return source.shown(question);
  } catch (thrown) {
    return [messageOf(thrown)];
  }
}

function questionOf({ core, target, deployment }: StepFrame): Question {
  const side = (slot: SlotName): SideFacts => {
    const { version, digest } = readSlot(core.store.db, target.key, slot);
    const instances = endpointsOf(target, slot);
    return { slot, version: version ?? '', digest: digest ?? '', ...instances[0], instances };
  };
  const canary = side(deployment.slot);
  return {
    ...target.key,
    deployment: deployment.id,
    stable: side(otherSlot(deployment.slot)),
    canary: { ...canary, version: deployment.version, digest: deployment.digest ?? canary.digest },
  };
}

/** What the checks do to the verdict that the counts of the load balancer gave. */
export function withChecks(judgement: Judgement, checks: readonly CheckView[]): Judgement {
  if (judgement.verdict === 'Failed') return judgement;
  const deciding = checks.filter(({ dryRun }) => !dryRun);
  const found = (verdict: Judgement['verdict'], effect?: CheckView['effect']) =>
    deciding.find((each) => each.judgement.verdict === verdict && (effect === undefined || each.effect === effect));
  const failed = found('Failed', 'guardrail');
  if (failed) return { verdict: 'Failed', sentence: sentenceOf(failed) };
  if (judgement.verdict !== 'Successful') return judgement;
  const holding = found('Failed') ?? found('Error') ?? found('Inconclusive');
  if (holding === undefined) return judgement;
  // A signal that fails holds the release where it is.
  const verdict = holding.judgement.verdict === 'Error' ? 'Error' : 'Inconclusive';
  return { verdict, sentence: sentenceOf(holding) };
}

export const sentenceOf = ({ name, judgement }: CheckView): string => `check ${name}: ${judgement.sentence}`;
