// A digest instead of a storm. Pure: the input is what one person was sent lately, the output whether the next fact is
// sent singly or collected. Facts that must be read at once do not come here.

import type { Fact } from './facts.ts';

/** Of one person. */
export interface Lately {
  /** When single mails were put, oldest first; a digest begins a new count, as one that is sent at its end. */
  readonly alone: readonly number[];
  readonly digest: Digest | undefined;
}

export interface Digest {
  /** The audit row that began it. */
  readonly seq: number;
  readonly dueAt: number;
  readonly facts: readonly Fact[];
  /** Facts beyond those. */
  readonly more: number;
}

/** A mail that no person reads to its end says no more than one that says how much there is. */
const mostFacts = 50;

export type Way =
  | { readonly kind: 'alone'; readonly lately: Lately }
  /** `isNew`: the digest begins with this fact. */
  | { readonly kind: 'collected'; readonly lately: Lately; readonly digest: Digest; readonly isNew: boolean };

export function wayOf(
  { alone, digest }: Lately,
  fact: Fact,
  { now, after, withinMs }: { readonly now: number; readonly after: number; readonly withinMs: number },
): Way {
  const recent = alone.filter((at) => at > now - withinMs);
  if (digest !== undefined && now < digest.dueAt) {
    const isFull = digest.facts.length >= mostFacts;
    const larger = isFull ? { ...digest, more: digest.more + 1 } : { ...digest, facts: [...digest.facts, fact] };
    return { kind: 'collected', lately: { alone: recent, digest: larger }, digest: larger, isNew: false };
  }
  if (recent.length < after) return { kind: 'alone', lately: { alone: [...recent, now], digest: undefined } };
  const dueAt = (recent[0] ?? now) + withinMs;
  const begun = { seq: fact.seq, dueAt, facts: [fact], more: 0 };
  return { kind: 'collected', lately: { alone: [dueAt], digest: begun }, digest: begun, isNew: true };
}
