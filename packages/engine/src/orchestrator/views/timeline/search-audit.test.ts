import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditQuery } from '../../../api/audit.ts';
import { bob, type Flow, startFlow } from '../../../testing/flow.ts';

let flow: Flow;
let id: string;
beforeAll(async () => {
  flow = await startFlow();
  await flow.live('v1');
  id = flow.ask('v2');
  flow.people.deploy({ version: 'v3', actor: bob });
  flow.people.deploy({ version: 'v3', actor: { kind: 'machine', name: 'bob', door: 'webhook' } });
});
afterAll(() => flow.close());

function rowsOf(query: AuditQuery) {
  const found = flow.people.audit.search(query);
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value.newest(100);
}

const actionsOf = (query: AuditQuery): readonly string[] => [...new Set(rowsOf(query).map(({ action }) => action))];

it('completes the names of people, machines and deployments', () => {
  expect(actionsOf({ actor: 'alice' })).toEqual(['deployment-requested', 'deployment-finished']);
  expect(actionsOf({ actor: 'person:bob' })).toEqual(['refused']);
  expect(actionsOf({ actor: 'carol' })).toEqual([]);
  expect(new Set(rowsOf({ deployment: id.slice(0, 8) }).map(({ deploymentId }) => deploymentId))).toEqual(
    new Set([id]),
  );
  expect(actionsOf({ target: 'production', actions: ['slot-claimed'] })).toEqual(['slot-claimed']);
});

it('takes actions by their beginning, end or middle, and in a list', () => {
  expect(actionsOf({ actions: ['*-started', 'refused'] }).toSorted()).toEqual(['refused', 'step-started']);
  expect(actionsOf({ actions: ['STEP-D*'] })).toEqual(['step-done']);
  expect(actionsOf({ actions: ['approv*'] })).toEqual([]);
});

it('is read from its beginning in pages', () => {
  const found = flow.people.audit.search({ actions: ['step-*'] });
  if (!found.ok) throw new Error(found.refusal.sentence);
  const first = found.value.after(0, 3);
  const second = found.value.after(first.at(-1)?.seq ?? 0, 3);
  const all = found.value.newest(100).toReversed();
  expect([...first, ...second]).toEqual(all.slice(0, 6));
});

it.each<[AuditQuery, string]>([
  [{ service: 'shpo' }, 'neither the configuration nor the audit log has a service "shpo"'],
  [{ service: 'shop', target: 'prod' }, 'has a target of shop "prod"'],
  [{ target: 'staging' }, 'has a target "staging"'],
  [{ deployment: 'd_nothing' }, 'there is no deployment "d_nothing"'],
  [{ actor: 'alic' }, 'no person or machine called "alic"'],
  [{ actor: 'bob' }, '"bob" is several actors: person:bob, machine:bob'],
  [{ actor: 'person:eve' }, 'no person or machine called "person:eve"'],
  [{ actions: ['step-failde'] }, 'no action of the audit log is called "step-failde"'],
  [{ actions: ['step-done', '(a+)+$'] }, 'no action of the audit log is called'],
  [{ actions: [''] }, 'no action of the audit log is called ""'],
  [{ since: 2, until: 1 }, 'the time ends (1970-01-01T00:00:00.001Z) before it begins'],
])('%j is refused: %s', (query, sentence) => {
  const found = flow.people.audit.search(query);
  expect(found.ok ? '' : found.refusal.sentence).toContain(sentence);
});

it('says what was probably meant', () => {
  const hintOf = (query: AuditQuery) => {
    const found = flow.people.audit.search(query);
    return found.ok ? '' : found.refusal.hint;
  };
  expect(hintOf({ actor: 'alic' })).toBe('Did you mean alice?');
  expect(hintOf({ actions: ['step-failde'] })).toBe('Did you mean step-failed?');
  expect(hintOf({ service: 'shpo' })).toContain('Did you mean shop?');
});
