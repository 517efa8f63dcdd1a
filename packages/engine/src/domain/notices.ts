// What mail, pages and statuses are about: the kinds that the outbox stores and the audit log names.

export const mailFacts = [
  'build-broken',
  'build-fixed',
  'awaiting-approval',
  'break-glass',
  'live',
  'rolled-back',
  'failed',
  'side-restored',
  'halted',
] as const;

export type MailFact = (typeof mailFacts)[number];

/** One fact, many at once, or the figures of a day or a week. */
export const mailKinds = [...mailFacts, 'digest', 'summary'] as const;

export type MailKind = (typeof mailKinds)[number];

/** What a page is about. */
export type Trouble = 'halted' | 'rollback-failed' | 'both-sides-ill' | 'live-side-ill' | 'role-ill' | 'break-glass';

export const statusKinds = ['github', 'cdevents', 'traces'] as const;

export type StatusKind = (typeof statusKinds)[number];

/** The member of a list that the outbox stored as text; `unknown` where another version of this program stored it. */
export const storedKind = <Kind extends string>(kinds: readonly Kind[], stored: string): Kind | 'unknown' =>
  kinds.find((kind) => kind === stored) ?? 'unknown';
