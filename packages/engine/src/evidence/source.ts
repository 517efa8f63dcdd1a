// A source of evidence from outside the load balancer. One folder per driver; each signs the contract of its answers in
// its own tests: what it cannot measure is never a pass.

import type { Answer, Question } from '../domain/evidence.ts';

export interface EvidenceSource {
  /** Resolves also where there is no number, and says why. The signal aborts it at the limit of the check. */
  ask(question: Question, signal: AbortSignal): Promise<Answer>;
  /** What it asks for each side, filled in, for people: one line each. */
  shown(question: Question): readonly string[];
}
