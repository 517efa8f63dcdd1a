// A person types a slash command.
import type { Context } from '../context.ts';
import { isRecord, parseJson, text } from '../json.ts';
import { addMessage } from '../messages.ts';
import { SLACKBOT_ID } from '../options.ts';
import type { Channel, User, Workspace } from '../store.ts';
import { checkBlocks } from '../validate/blocks.ts';
import { channelOf, type DeliveryResult, notSent, personOf, resultOf, VERIFICATION_TOKEN } from './payloads.ts';

export interface CommandInput {
  readonly user: string;
  readonly channel: string;
  /** With its slash. */
  readonly command: string;
  readonly text?: string | undefined;
}

/** Resolves when the app has answered, or after three seconds. What the person sees is in the channel then. */
export async function runCommand(context: Context, input: CommandInput): Promise<DeliveryResult> {
  const { workspace } = context;
  const user = personOf(workspace, input.user);
  const channel = channelOf(workspace, input.channel);
  if (!channel.members.includes(user.id)) return notSent('not_in_channel');
  const known = workspace.manifest.features?.slash_commands?.find((each) => each.command === input.command);
  if (known === undefined && !workspace.unlistedCommands.has(input.command)) {
    const advice = 'In Slack, all messages that start with the "/" character are interpreted as slash commands.';
    slackbotSays(workspace, { user, channel }, `\`${input.command}\` is not a valid command. ${advice}`);
    return notSent('unknown_command');
  }
  const typed = (input.text ?? '').trim();
  const delivery = await context.deliverer.send({
    kind: 'command',
    summary: `${input.command} ${typed}`.trim(),
    user: user.id,
    payload: commandFields(
      context,
      { user, channel },
      {
        command: input.command,
        text: known === undefined || known.should_escape === true ? escapeCommandText(workspace, typed) : typed,
      },
    ),
  });
  if (delivery.error === undefined)
    showAnswer(context, { user, channel }, `${input.command} ${typed}`.trim(), delivery.ackBody);
  else slackbotSays(workspace, { user, channel }, `${input.command} failed with the error "${delivery.error}"`);
  return resultOf(delivery);
}

interface Where {
  readonly user: User;
  readonly channel: Channel;
}

function commandFields(
  context: Context,
  { user, channel }: Where,
  said: { readonly command: string; readonly text: string },
) {
  const { workspace } = context;
  const responsePath = context.responseUrls.create({ kind: 'command', user: user.id, channel: channel.id });
  return {
    token: VERIFICATION_TOKEN,
    team_id: workspace.team.id,
    team_domain: workspace.team.domain,
    channel_id: channel.id,
    channel_name: channel.kind === 'private' ? 'privategroup' : channel.name,
    user_id: user.id,
    user_name: user.name,
    command: said.command,
    text: said.text,
    api_app_id: workspace.app.id,
    ...(workspace.enterpriseId !== undefined && { enterprise_id: workspace.enterpriseId }),
    is_enterprise_install: 'false',
    response_url: context.baseUrl() + responsePath,
    trigger_id: context.triggers.create(user.id),
  };
}

function showAnswer(context: Context, { user, channel }: Where, invocation: string, ackBody: string): void {
  const { workspace } = context;
  if (ackBody.trim() === '') return;
  const parsed = parseJson(ackBody);
  const answer = isRecord(parsed) ? parsed : { text: ackBody };
  if (answer.text === undefined && answer.blocks === undefined) return;
  const checked = answer.blocks === undefined ? undefined : checkBlocks(answer.blocks, 'message');
  if (checked !== undefined && !checked.ok) {
    slackbotSays(workspace, { user, channel }, `${invocation.split(' ')[0]} failed with the error "invalid_blocks"`);
    return;
  }
  const isPublic = answer.response_type === 'in_channel';
  if (isPublic) addMessage(workspace, { channel: channel.id, user: user.id, text: invocation });
  addMessage(workspace, {
    channel: channel.id,
    user: workspace.app.botUserId,
    text: text(answer.text) ?? '',
    blocks: checked?.blocks,
    onlyFor: isPublic ? undefined : user.id,
  });
}

export function slackbotSays(workspace: Workspace, { user, channel }: Where, sentence: string): void {
  addMessage(workspace, { channel: channel.id, user: SLACKBOT_ID, text: sentence, onlyFor: user.id });
}

/** `should_escape`: people, channels and links become Slack's own notation, the rest is safe for mrkdwn. */
export function escapeCommandText(workspace: Workspace, typed: string): string {
  const safe = typed.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return safe.replace(
    /(^|\s)([@#])([\w.-]+)|https?:\/\/[^\s]+/g,
    (whole, before?: string, sign?: string, name?: string) => {
      if (sign === undefined || name === undefined) return `<${whole}>`;
      return `${before ?? ''}${mention(workspace, sign, name) ?? sign + name}`;
    },
  );
}

function mention(workspace: Workspace, sign: string, name: string): string | undefined {
  if (sign === '#') {
    const channel = [...workspace.channels.values()].find((each) => each.kind !== 'im' && each.name === name);
    return channel && `<#${channel.id}|${channel.kind === 'private' ? '' : channel.name}>`;
  }
  const user = [...workspace.users.values()].find((each) => each.name === name);
  if (user !== undefined) return `<@${user.id}|${user.name}>`;
  const group = [...workspace.groups.values()].find((each) => each.handle === name);
  return group && `<!subteam^${group.id}|@${group.handle}>`;
}
