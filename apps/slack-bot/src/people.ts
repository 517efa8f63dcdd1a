// Who pressed that: a Slack user id becomes a person of the configured list, or a stranger who may look.

import { type Actor, type Clock, findPerson, type Log, type Settings } from '@bg/engine';
import type { Answer, Slack } from './slack-api.ts';
import { problemSentence } from './slack-problems.ts';

export interface People {
  actor(slackUser: string): Actor;
  /** With the person's user groups, as far as these approvers name any: `usergroups.users.list` is asked for no others. */
  decider(slackUser: string, approvers: readonly string[]): Promise<Actor>;
}

export interface PeopleOptions {
  readonly settings: Settings;
  readonly slack: Slack;
  readonly clock: Clock;
  readonly log: Log;
}

const keepMs = 60_000;
const groupLimitMs = 2000;

export function createPeople({ settings, slack, clock, log }: PeopleOptions): People {
  const known = new Map<string, { readonly until: number; readonly members: readonly string[] }>();

  function actor(slackUser: string): Actor {
    const person = findPerson(settings, { slack: slackUser });
    if (person === undefined) return { kind: 'stranger', name: slackUser, door: 'slack' };
    return { kind: 'person', id: person.id, door: 'slack' };
  }

  /** A form waits for this answer, and Slack waits three seconds for the form. */
  async function late(): Promise<Answer<readonly string[]>> {
    await clock.sleep(groupLimitMs);
    return { ok: false, problem: { kind: 'lost', sentence: `no answer within ${groupLimitMs} ms` } };
  }

  /** Refuses closed: a group that cannot be read has no members. */
  async function membersOf(group: string): Promise<readonly string[]> {
    const kept = known.get(group);
    if (kept !== undefined && kept.until > clock.now()) return kept.members;
    const answer = await Promise.race([slack.groupMembers(group), late()]);
    if (!answer.ok) {
      log.warn(
        { group, problem: problemSentence(answer.problem) },
        'a user group of approvers cannot be read; it counts as empty',
      );
      return [];
    }
    known.set(group, { until: clock.now() + keepMs, members: answer.value });
    return answer.value;
  }

  return {
    actor,
    decider: async (slackUser, approvers) => {
      const who = actor(slackUser);
      const named = approvers.filter((name) => name.startsWith('group:')).map((name) => name.slice('group:'.length));
      if (who.kind !== 'person' || named.length === 0 || approvers.includes(who.id)) return who;
      const members = await Promise.all(named.map(membersOf));
      return { ...who, groups: named.filter((_, index) => members[index]?.includes(slackUser)) };
    },
  };
}
