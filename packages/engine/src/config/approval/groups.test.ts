import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench, smallConfig } from '../test-config.ts';
import { groupsOf, missingApprovals, missingText } from './groups.ts';

const dba = { name: 'dba', approvers: ['dave', 'group:S0DBA'], count: 1 };
const security = { name: 'security', approvers: ['dave', 'erin'], count: 2 };

describe('an approval with groups', () => {
  it.each([
    ['nothing yet', [dba], 2, [], '2 more, at least 1 of dba'],
    ['one of no group', [dba], 2, [[]], '1 more, of dba'],
    ['one of the group', [dba], 2, [['dba']], '1 more'],
    ['all who are needed, none of the group', [dba], 2, [[], []], '1 more, of dba'],
    ['enough', [dba], 2, [[], ['dba']], ''],
    ['nothing, of two groups', [dba, security], 1, [], '2 more, at least 1 of dba and 2 of security'],
    ['one person of two groups', [dba, security], 2, [['dba', 'security']], '1 more, of security'],
  ] as const)('with %s waits for who is missing', (_, groups, needed, given, text) => {
    const votes = given.map((each) => ({ groups: each }));
    expect(missingText(missingApprovals({ needed, groups }, votes))).toBe(text);
  });

  it('knows the groups of a person by id and by Slack user group', () => {
    expect(groupsOf([dba, security], { id: 'dave' })).toEqual(['dba', 'security']);
    expect(groupsOf([dba, security], { id: 'bob', groups: ['S0DBA'] })).toEqual(['dba']);
    expect(groupsOf([dba, security], { id: 'group:S0DBA', groups: ['S0OTHER'] })).toEqual([]);
  });
});

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const withApproval = (text: string) => edited(['    channel', `    approval: ${text}\n    channel`]);
const problemOf = (text: string) => bench.problems(withApproval(text)).join('\n');
const settingsOf = (text: string) => bench.check(text).settings;

describe('the configuration of groups', () => {
  it('names its people as approvers too, and a target may add to it', () => {
    const [target] =
      settingsOf(withApproval('{ count: 2, groups: [{ name: dba, approvers: ["group:S0DBA"] }] }'))?.targets ?? [];
    expect(target?.approval).toMatchObject({
      approvers: ['bob', 'carol', 'group:S0DBA'],
      groups: [{ name: 'dba', approvers: ['group:S0DBA'], count: 1 }],
    });
  });

  it('of a release of high risk is that of any other unless it has its own', () => {
    const ruleOf = (highRisk: string) =>
      settingsOf(withApproval(`{ groups: [{ name: dba, approvers: ["group:S0DBA"] }], highRisk: ${highRisk} }`))
        ?.targets[0]?.approval.highRisk;
    expect(ruleOf('{ count: 2 }')?.groups).toMatchObject([{ name: 'dba', count: 1 }]);
    expect(ruleOf('{ groups: [{ name: sec, approvers: ["group:S0SEC"], count: 2 }] }')).toMatchObject({
      approvers: ['bob', 'carol', 'group:S0SEC'],
      groups: [{ name: 'sec', count: 2 }],
    });
  });

  it('changes the digest only where it is set', () => {
    const digest = (text: string) => settingsOf(text)?.digest;
    expect(digest(withApproval('{ groups: [] }'))).toBe(digest(smallConfig));
    expect(digest(withApproval('{ groups: [{ name: dba, approvers: ["group:S0DBA"] }] }'))).not.toBe(
      digest(smallConfig),
    );
  });

  it.each([
    ['{ groups: [{ name: DBA, approvers: [bob, carol] }] }', /approval\.groups\[0\]\.name: expected small letters/],
    ['{ groups: [{ name: dba, approvers: [] }] }', /groups\[0\]\.approvers: expected a list of at least one approver/],
    [
      '{ groups: [{ name: dba, approvers: [bob], count: 2 }] }',
      /groups\[0\]: asks for 2 approvals of dba, which has one person/,
    ],
    ['{ groups: [{ name: dba, approvers: [bob] }] }', /groups\[0\]: with four eyes .* a person of dba deploys/],
    [
      '{ groups: [{ name: dba, approvers: [bob, carl] }] }',
      /groups\[0\]\.approvers\[1\]: no person in people has the id "carl"/,
    ],
    [
      '{ highRisk: { groups: [{ name: dba, approvers: [carl, bob] }] } }',
      /highRisk\.groups\[0\]\.approvers\[0\]: no person/,
    ],
    ['{ groups: [{ name: dba, people: [bob] }] }', /groups\[0\]/],
  ])('%s is refused with its place', (text, problem) => {
    expect(problemOf(text)).toMatch(problem);
  });
});
