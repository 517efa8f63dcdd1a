// Does Slack let the bot do what the configuration asks for? Each answer with what to do about it: for `slack-bot check`, and for
// the log at the start.

import type { Settings } from '@bg/engine';
import type { WebClient } from '@slack/web-api';
import { connectSlack, type Slack, type SlackResult } from './api.ts';
import { checkToken } from './identity.ts';
import { botScopes } from './manifest.ts';
import { problemOf, problemSentence } from './problems.ts';

export interface Finding {
  readonly what: string;
  /** `unknown`: Slack did not answer, or cannot be asked. */
  readonly state: 'good' | 'bad' | 'unknown';
  readonly sentence: string;
  /** What to do; undefined where all is well. */
  readonly help?: string | undefined;
}

export interface SlackCheck {
  readonly client: WebClient;
  /** With the app-level token; undefined without Socket Mode. */
  readonly socketClient: WebClient | undefined;
  readonly settings: Pick<Settings, 'people' | 'slack' | 'targets'>;
}

/** Of each kind: a check does not use up what Slack takes in a minute. */
const most = 40;

export async function checkSlack({ client, socketClient, settings }: SlackCheck): Promise<readonly Finding[]> {
  const slack = connectSlack(client);
  const token = await checkToken(slack);
  if (token.kind !== 'good')
    return [
      {
        what: 'token',
        state: token.kind === 'bad' ? 'bad' : 'unknown',
        sentence: token.sentence,
        help:
          token.kind === 'bad'
            ? 'Install the app again, and set SLACK_BOT_TOKEN to the bot token (xoxb-…) of this workspace.'
            : 'Check the network, SLACK_API_URL and HTTPS_PROXY.',
      },
    ];
  const findings: Finding[] = [good('token', `it belongs to the workspace ${token.identity.teamId}`)];
  findings.push(scopesFinding(token.identity.scopes));
  for (const channel of new Set(settings.targets.map((target) => target.channel)))
    if (findings.length < most) findings.push(await channelFinding(client, slack, channel));
  for (const { id, slack: user } of settings.people.slice(0, most))
    findings.push(await personFinding(client, id, user));
  for (const group of groupsOf(settings)) findings.push(await groupFinding(slack, group));
  findings.push(await socketFinding(socketClient));
  return findings;
}

const good = (what: string, sentence: string): Finding => ({ what, state: 'good', sentence });

function scopesFinding(granted: readonly string[] | undefined): Finding {
  const what = 'scopes';
  if (granted === undefined)
    return { what, state: 'unknown', sentence: 'Slack does not say which scopes the token has' };
  const missing = botScopes.filter((scope) => !granted.includes(scope));
  if (missing.length === 0) return good(what, `all ${botScopes.length} are granted`);
  return {
    what,
    state: 'bad',
    sentence: `the token lacks ${missing.join(', ')}`,
    help: 'Update the app with `npm run manifest`, and install it again in the workspace.',
  };
}

async function channelFinding(client: WebClient, slack: Slack, channel: string): Promise<Finding> {
  const what = `channel ${channel}`;
  const found = channel.startsWith('#') ? await slack.channelId(channel) : ({ ok: true, value: channel } as const);
  if (!found.ok) return failed(what, found, 'Configure the channel by its id (C…), or check the scope channels:read.');
  if (found.value === undefined)
    return {
      what,
      state: 'bad',
      sentence: 'no such channel, or it is archived, or it is private and the bot is not in it',
      help: 'Check the name; in a private channel, type /invite @deploys.',
    };
  const info = await answered(client.conversations.info({ channel: found.value }), ({ channel: seen }) => seen);
  if (!info.ok) return failed(what, info, 'Type /invite @deploys in the channel, or configure another one.');
  if (info.value?.is_archived)
    return { what, state: 'bad', sentence: 'it is archived', help: 'Unarchive it, or configure another channel.' };
  if (info.value?.is_private && !info.value.is_member)
    return { what, state: 'bad', sentence: 'the bot is not in it', help: 'Type /invite @deploys in the channel.' };
  return good(what, info.value?.is_member ? 'the bot is in it' : 'it is public, the bot may post');
}

async function personFinding(client: WebClient, id: string, user: string | undefined): Promise<Finding> {
  const what = `person ${id}`;
  if (user === undefined)
    return {
      what,
      state: 'unknown',
      sentence: 'has no `slack` id, so the bot can neither mention nor write to this person',
    };
  const opened = await answered(client.conversations.open({ users: user }), () => undefined);
  return opened.ok
    ? good(what, `${user} can be written to`)
    : failed(what, opened, `Check \`slack: ${user}\` of ${id} in people: profile, three dots, Copy member ID.`);
}

const groupsOf = ({ targets, slack }: SlackCheck['settings']): readonly string[] => {
  const named = [...targets.flatMap(({ approval }) => approval.approvers), ...(slack.onCall ?? [])];
  const groups = named.flatMap((name) => (name.startsWith('group:') ? [name.slice('group:'.length)] : []));
  return [...new Set(groups)].slice(0, most);
};

async function groupFinding(slack: Slack, group: string): Promise<Finding> {
  const what = `group ${group}`;
  const members = await slack.groupMembers(group);
  if (!members.ok)
    return failed(what, members, 'Check the id, the scope usergroups:read and the plan of the workspace.');
  if (members.value.length > 0) return good(what, `${members.value.length} members`);
  return {
    what,
    state: 'bad',
    sentence: 'it has no members, so nobody of it can approve',
    help: 'Add members in Slack.',
  };
}

async function socketFinding(client: WebClient | undefined): Promise<Finding> {
  const what = 'connection';
  if (client === undefined)
    return {
      what,
      state: 'unknown',
      sentence: 'Slack calls the address in the manifest, which cannot be tried from here',
      help: 'Type /deploy-status in Slack: an answer within three seconds shows that it is reached.',
    };
  const opened = await answered(client.apps.connections.open({}), () => undefined);
  return opened.ok
    ? good(what, 'Socket Mode can be opened')
    : failed(what, opened, 'Check SLACK_APP_TOKEN (xapp-…, connections:write), and that Socket Mode is on.');
}

/** What Slack refuses is bad; a lost answer says nothing. */
const failed = (what: string, answer: SlackResult<unknown> & { readonly ok: false }, help: string): Finding => ({
  what,
  state: answer.problem.kind === 'refused' ? 'bad' : 'unknown',
  sentence: problemSentence(answer.problem),
  help,
});

async function answered<R, T>(call: Promise<R>, read: (result: R) => T): Promise<SlackResult<T>> {
  try {
    return { ok: true, value: read(await call) };
  } catch (thrown) {
    return { ok: false, problem: problemOf(thrown) };
  }
}

const signs = { good: '✓', bad: '✗', unknown: '?' } as const;

export function findingLines(findings: readonly Finding[]): readonly string[] {
  return findings.flatMap(({ what, state, sentence, help }) => [
    `${signs[state]} ${what}: ${sentence}`,
    ...(help === undefined ? [] : [`    ${help}`]),
  ]);
}
