// Lines of a thread as they are sent: the sentence of the audit log, and the people whom it calls.

import type { DeploymentView, OutboxMessage } from '@bg/engine';
import { expect, test } from 'vitest';
import { everyView, people } from '../testing/views.ts';
import { draw } from './draw.ts';

const waiting = everyView.approval as DeploymentView;

function lineOf(sentence: string, view: DeploymentView): string {
  const payload = { seq: 7, at: 0, actor: 'engine', sentence, deploymentId: view.id, mention: 'approvers' };
  const message = { key: 'line:7', kind: 'line', payload, reference: null } as unknown as OutboxMessage;
  const engine = { deployment: () => view, settings: { people } } as never;
  return draw({ message, engine, slack: { addressOf: () => undefined } })?.card.text ?? '';
}

test.each([
  'asks for approval before any user gets v2.1',
  'asks for approval with 10 % of users on v2.1',
  'asks for approval with 10 % of users on v2.1; 2 approvals are needed, and 1 of the approvers may give one',
])('“%s” is one line that calls the approvers', (sentence) => {
  const [line, called, ...more] = lineOf(sentence, waiting).split('\n');
  expect(line).toContain(sentence);
  expect(called).toContain('<@U0BOB>');
  expect(more).toEqual([]);
});

test('a line about an approval that is decided meanwhile calls no one', () => {
  const { approval, ...rest } = waiting;
  const decided = { ...rest, approval: approval && { ...approval, status: 'approved' } } as DeploymentView;
  expect(lineOf('asks for approval before any user gets v2.1', decided)).not.toContain('<@');
});
