// Who may do what on a target, beyond being in the list of people.

import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, carol, ci, codeOf, dave, startTestEngine, type TestEngine } from '../verbs/testing/test-engine.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

function withRoles(roles: string, standby?: string): TestEngine {
  testEngine = startTestEngine(`        approval: { approvers: [bob] }\n        roles: { ${roles} }`);
  testEngine.serving(standby);
  return testEngine;
}

const refusals = () =>
  testEngine.engine.audit
    .after(0, 1_000)
    .flatMap(({ action, code, actor }) => (action === 'refused' && code === 'role-missing' ? [actor] : []));

describe('roles', () => {
  it('let deployers deploy and switch, and refuse everybody else with a row in the log', () => {
    const { engine } = withRoles('deployers: [alice]', 'v2.0');
    for (const actor of [bob, carol])
      expect(engine.deploy({ version: 'v2.1', actor })).toMatchObject({
        refusal: { code: 'role-missing', hint: 'Deployers: alice.' },
      });
    expect(codeOf(engine.switch({ actor: carol }))).toBe('role-missing');
    expect(codeOf(engine.switch({ actor: carol, to: 'blue' }))).toBe('role-missing');
    expect(refusals()).toEqual(['person:bob', 'person:carol', 'person:carol', 'person:carol']);
    expect(codeOf(engine.deploy({ version: 'v2.1', actor: alice }))).toBe('ok');
  });

  it('show in the plan of a person who may not deploy', async () => {
    const { engine } = withRoles('deployers: [alice]');
    const plan = await engine.plan({ version: 'v2.1', actor: carol });
    expect(plan.ok && plan.value.gates.find(({ name }) => name === 'role')?.refusal?.code).toBe('role-missing');
  });

  it('let operators, deployers and approvers keep what runs in order, and roll back', () => {
    const { engine } = withRoles('deployers: [alice], operators: [carol]', 'v2.0');
    const { id } = testEngine.running('watch');
    expect(codeOf(engine.pause({ id }, dave))).toBe('role-missing');
    expect(codeOf(engine.lock({ actor: dave, reason: 'why not' }))).toBe('role-missing');
    expect(codeOf(engine.suspend({ actor: dave, reason: 'why not' }))).toBe('role-missing');
    expect(codeOf(engine.rollback({ actor: dave }))).toBe('role-missing');
    expect(codeOf(engine.pause({ id }, carol))).toBe('ok');
    expect(codeOf(engine.resume({ id }, bob))).toBe('ok');
    expect(codeOf(engine.lock({ actor: bob, reason: 'sale' }))).toBe('ok');
    expect(codeOf(engine.unlock({ actor: alice, of: 'bob' }))).toBe('ok');
    expect(codeOf(engine.rollback({ actor: carol }))).toBe('ok');
  });

  it('leave machines to the rules about builds, and people as they were where none is written', () => {
    const { engine } = withRoles('deployers: []');
    expect(codeOf(engine.deploy({ version: 'v2.1', actor: alice }))).toBe('role-missing');
    expect(codeOf(engine.deploy({ version: 'v2.1', actor: ci }))).toBe('ok');
  });
});
