// "2 approvals, 1 of them from dba": who counts for which group, and what is still missing.

import { afterEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import { verifyAudit } from '../../state/audit-verification.ts';
import {
  alice,
  bob,
  carol,
  codeOf,
  dave,
  expectRefused,
  startTestEngine,
  type TestEngine,
} from './testing/test-engine.ts';

let testEngine: TestEngine | undefined;
afterEach(() => {
  testEngine?.remove();
  testEngine = undefined;
});

function waiting(approval: string, requestedBy = 'person:alice') {
  const made = startTestEngine(`        approval: { ${approval} }`);
  testEngine = made;
  made.serving();
  const ref = { id: made.running('await-approval', { requestedBy }).id };
  const approvalNow = () => made.engine.deployment(ref.id)?.approval;
  return { ...made, ref, approvalNow, made };
}

const inSlack = (actor: Actor, ...groups: string[]): Actor => ({ ...actor, door: 'slack', groups }) as Actor;
const twoOfWhomOneDba = 'count: 2, groups: [{ name: dba, approvers: [dave, "group:S0DBA"] }]';

describe('an approval with groups', () => {
  it('waits until one of the group has approved, however many others have', () => {
    const { engine, ref, approvalNow } = waiting(twoOfWhomOneDba);
    expect(approvalNow()).toMatchObject({
      missing: '2 more, at least 1 of dba',
      approvers: expect.arrayContaining(['dave']),
    });
    expect(codeOf(engine.approve(ref, bob))).toBe('ok');
    expect(approvalNow()).toMatchObject({ missing: '1 more, of dba' });
    expect(codeOf(engine.approve(ref, carol))).toBe('ok');
    expect(approvalNow()).toMatchObject({ status: 'pending', given: ['bob', 'carol'], missing: '1 more, of dba' });
    expect(codeOf(engine.approve(ref, dave))).toBe('ok');
    expect(approvalNow()).toMatchObject({
      status: 'approved',
      missing: '',
      groups: [{ name: 'dba', needed: 1, given: ['dave'] }],
    });
  });

  it('counts a member of a Slack user group, and still needs the second person', () => {
    const { engine, ref, approvalNow } = waiting(twoOfWhomOneDba);
    expect(codeOf(engine.approve(ref, inSlack(bob, 'S0DBA')))).toBe('ok');
    expect(approvalNow()).toMatchObject({ status: 'pending', missing: '1 more', groups: [{ given: ['bob'] }] });
    expect(codeOf(engine.approve(ref, inSlack(carol, 'S0OTHER')))).toBe('ok');
    expect(approvalNow()?.status).toBe('approved');
  });

  it('counts a person of two groups once as a person, and for both groups', () => {
    const groups =
      'count: 2, groups: [{ name: dba, approvers: [bob, dave] }, { name: security, approvers: [bob, carol] }]';
    const { engine, ref, approvalNow } = waiting(groups);
    expect(codeOf(engine.approve(ref, bob))).toBe('ok');
    expect(approvalNow()).toMatchObject({ status: 'pending', given: ['bob'], missing: '1 more' });
    expect(codeOf(engine.approve(ref, bob))).toBe('already-decided');
    expect(codeOf(engine.approve(ref, carol))).toBe('ok');
    expect(approvalNow()?.status).toBe('approved');
  });

  it('holds four eyes for a member of the group too', () => {
    const { made, engine, ref, approvalNow } = waiting(twoOfWhomOneDba, 'person:dave');
    expectRefused(made, () => engine.approve(ref, dave), 'four-eyes');
    expect(approvalNow()).toMatchObject({ given: [], missing: '2 more, at least 1 of dba' });
  });

  it('refuses who is neither an approver nor of a group', () => {
    const { made, engine, ref } = waiting(
      'approvers: [bob, carol], count: 1, groups: [{ name: dba, approvers: ["group:S0DBA"] }]',
    );
    expectRefused(made, () => engine.approve(ref, dave), 'not-approver');
    expect(codeOf(engine.approve(ref, inSlack(dave, 'S0DBA')))).toBe('ok');
  });

  it('counts an approval from the command line for a Slack user group once Slack names the person', () => {
    const { made, engine, ref, approvalNow, store } = waiting(twoOfWhomOneDba);
    expect(codeOf(engine.approve(ref, bob))).toBe('ok');
    expect(codeOf(engine.approve(ref, carol))).toBe('ok');
    expectRefused(made, () => engine.approve(ref, inSlack(bob, 'S0OTHER')), 'already-decided');
    expect(engine.audit.after(0, 1_000).at(-1)?.sentence).toContain('waits for 1 more, of dba');
    expect(codeOf(engine.approve(ref, inSlack(bob, 'S0DBA')))).toBe('ok');
    expect(approvalNow()).toMatchObject({ status: 'approved', given: ['bob', 'carol'], decidedBy: 'person:bob' });
    expect(verifyAudit(store.db)).toMatchObject({ intact: true });
  });

  it('is not skipped by one person who moves everybody', () => {
    const made = startTestEngine('        approval: { groups: [{ name: dba, approvers: ["group:S0DBA"] }] }');
    testEngine = made;
    made.serving();
    const { id } = made.running('watch');
    expectRefused(made, () => made.engine.promote({ id }, bob, { full: true }), 'approvals-needed');
  });

  it('is not held up by its groups where one person approves in an emergency', () => {
    const { engine, ref, approvalNow } = waiting(`${twoOfWhomOneDba}, breakGlass: [alice]`);
    expect(codeOf(engine.approve(ref, alice, { breakGlass: 'payments are down' }))).toBe('ok');
    expect(approvalNow()).toMatchObject({ status: 'approved', decidedBy: 'person:alice' });
  });

  it('does not count a group that was written into the file of the state', () => {
    const { engine, ref, approvalNow, store } = waiting(twoOfWhomOneDba);
    engine.approve(ref, bob);
    const change = () => store.db.$client.exec("UPDATE audit SET detail = '{}' WHERE action = 'approved'");
    expect(change).toThrow('append-only');
    expect(approvalNow()?.missing).toBe('1 more, of dba');
  });
});
