// How an act is asked, and whether its answer is one that the rules give.

import type { Actor } from '../../packages/engine/src/domain/actor.ts';
import type { Result } from '../../packages/engine/src/domain/refusal.ts';
import type { Model } from './model.ts';
import type { ActorName } from './people.ts';
import type { Answer } from './rules.ts';
import type { System } from './system.ts';

export interface Doing {
  readonly model: Model;
  readonly system: System;
}

export function actorOf(name: ActorName): Actor {
  if (name === 'ci') return { kind: 'machine', name, door: 'webhook' };
  if (name === 'eve') return { kind: 'stranger', name, door: 'slack' };
  return { kind: 'person', id: name, door: 'cli' };
}

/** @returns the value of what was accepted. @throws when the answer is another one than the rules give */
export function expectAnswer<T>(model: Model, answer: Result<T>, expected: Answer): T | undefined {
  const problem = difference(answer, expected);
  if (problem !== undefined) throw new Error(problem);
  model.tally(answer.ok ? 'accepted' : 'refused');
  if (!answer.ok) model.tally(answer.refusal.code);
  return answer.ok ? answer.value : undefined;
}

function difference(answer: Result<unknown>, { certain, possible = [] }: Answer): string | undefined {
  const codes = [...new Set(certain)].join(', ');
  if (answer.ok) return certain.length === 0 ? undefined : `it was accepted, and must be refused (${codes})`;
  const { code, sentence } = answer.refusal;
  if (certain.includes(code) || possible.includes(code)) return undefined;
  const expected = certain.length === 0 ? 'must be accepted' : `must be refused as ${codes}`;
  return `it was refused as ${code} (${sentence}), and ${expected}`;
}
