import { describe, expect, it } from 'vitest';
import { approverRule, findPerson } from './people.ts';

const nobody = { slack: undefined, email: undefined, codeHost: undefined, osUser: undefined };
const alice = {
  ...nobody,
  id: 'alice',
  name: 'Alice',
  slack: 'U0ALICE',
  email: 'Alice@Example.com',
  codeHost: 'Alice-A',
  osUser: 'alice',
};
const bob = { ...nobody, id: 'bob', name: 'Bob', slack: 'U0BOB' };
const settings = { people: [alice, bob] };

describe('a person is found', () => {
  it.each([
    { id: 'alice' },
    { slack: 'U0ALICE' },
    { email: 'alice@example.com' },
    { codeHost: 'alice-a' },
    { osUser: 'alice' },
  ])('by %o', (known) => {
    expect(findPerson(settings, known)).toBe(alice);
  });

  it('only when every name given is theirs', () => {
    expect(findPerson(settings, { slack: 'U0BOB', id: 'bob' })).toBe(bob);
    expect(findPerson(settings, { slack: 'U0BOB', id: 'alice' })).toBeUndefined();
  });

  it('never by a name that is missing or unknown', () => {
    expect(findPerson(settings, {})).toBeUndefined();
    expect(findPerson(settings, { email: undefined })).toBeUndefined();
    expect(findPerson(settings, { osUser: 'eve' })).toBeUndefined();
  });

  it('by a Slack id or a user of the machine in exactly its letters', () => {
    expect(findPerson(settings, { slack: 'u0alice' })).toBeUndefined();
    expect(findPerson(settings, { osUser: 'ALICE' })).toBeUndefined();
  });
});

describe('who may approve', () => {
  const approvers = ['bob', 'group:S0OPS'];

  it('a person who is named, or is in a group that is named', () => {
    expect(approverRule({ approvers, personId: 'bob', groups: [] })).toBe(true);
    expect(approverRule({ approvers, personId: 'alice', groups: ['S0OTHER', 'S0OPS'] })).toBe(true);
  });

  it('no other person, and no person whose id looks like a group', () => {
    expect(approverRule({ approvers, personId: 'alice', groups: ['S0OTHER'] })).toBe(false);
    expect(approverRule({ approvers, personId: 'group:S0OPS', groups: [] })).toBe(false);
    expect(approverRule({ approvers: [], personId: 'bob', groups: ['S0OPS'] })).toBe(false);
  });
});
