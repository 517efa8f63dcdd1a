// A Slack user id becomes a person of the configured list, or an unauthenticated user who may look.

import { type Actor, type Clock, findPerson, type Log, type Settings, within } from '@bg/engine';
import type { Slack, SlackResult } from './api.ts';
import { problemSentence } from './problems.ts';

export interface People {
  actor(slackUser: string): Actor;
  /** With the person's user groups, as far as these approvers name any: `usergroups.users.list` is asked for no others. */
  decider(slackUser: string, approvers: readonly string[]): Promise<Actor>;
}

export interface PeopleOptions {
  readonly settings: Settings;
  readonly slack: Pick<Slack, 'groupMembers'>;
  readonly clock: Clock;
  readonly log: Log;
}

const keepMs = 60_000;
const staleMs = 15 * 60_000;
const groupLimitMs = 2000;
const noAnswer: SlackResult<never> = {
  ok: false,
  problem: { kind: 'lost', sentence: `no answer within ${groupLimitMs} ms` },
};

export function createPeople({ settings, slack, clock, log }: PeopleOptions): People {
  const known = new Map<string, { readonly at: number; readonly members: readonly string[] }>();

  function actor(slackUser: string): Actor {
    const person = findPerson(settings, { slack: slackUser });
    if (person === undefined) return { kind: 'stranger', name: slackUser, door: 'slack' };
    return { kind: 'person', id: person.id, door: 'slack' };
  }

  /** The last known list is used for some minutes; after that an unreadable group approves nothing, and the refusal says why. */
  async function membersOf(group: string): Promise<SlackResult<readonly string[]>> {
    const kept = known.get(group);
    if (kept !== undefined && kept.at + keepMs > clock.now()) return { ok: true, value: kept.members };
    // A form waits for this answer, and Slack waits three seconds for the form.
    const answer = (await within(groupLimitMs, slack.groupMembers(group), { clock })) ?? noAnswer;
    if (answer.ok) {
      known.set(group, { at: clock.now(), members: answer.value });
      return answer;
    }
    const problem = problemSentence(answer.problem);
    const isUsable = kept !== undefined && kept.at + staleMs > clock.now();
    log.warn({ group, problem, lastKnown: isUsable }, 'a user group of approvers cannot be read');
    return isUsable ? { ok: true, value: kept.members } : answer;
  }

  return {
    actor,
    decider: async (slackUser, approvers) => {
      const formatter = actor(slackUser);
      const named = approvers.filter((name) => name.startsWith('group:')).map((name) => name.slice('group:'.length));
      if (formatter.kind !== 'person' || named.length === 0 || approvers.includes(formatter.id)) return formatter;
      const read = await Promise.all(named.map(async (group) => ({ group, members: await membersOf(group) })));
      return {
        ...formatter,
        groups: read.flatMap(({ group, members }) => (members.ok && members.value.includes(slackUser) ? [group] : [])),
        unreadGroups: read.flatMap(({ group, members }) =>
          members.ok ? [] : [{ group, why: problemSentence(members.problem) }],
        ),
      };
    },
  };
}
