// The conversation as Slack shows it, printed while it happens: new messages, edits of the live card, threads, and
// what only one person sees.

import {
  BOT_USER_ID,
  DEFAULT_CHANNELS,
  DEFAULT_USERS,
  type SeenMessage,
  type Simulator,
  SLACKBOT_ID,
} from '../simulator/index.ts';

const names = new Map<string, string>([
  ...DEFAULT_USERS.map(({ id, name }) => [id, name] as const),
  ...DEFAULT_CHANNELS.map(({ id, name }) => [id, `#${name}`] as const),
  [BOT_USER_ID, 'deploys'],
  [SLACKBOT_ID, 'slackbot'],
]);

export const nameOf = (id: string): string => names.get(id) ?? id;

export const timeOfDay = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

/** Prints until `over` aborts. */
export async function printConversation(
  simulator: Simulator,
  print: (line: string) => void,
  over: AbortSignal,
): Promise<void> {
  const shown = new Map<string, string>();
  const look = (messages: readonly SeenMessage[]): undefined => {
    for (const message of messages) {
      const key = `${message.channel}:${message.ts}`;
      const before = shown.get(key);
      if (before === message.text) continue;
      shown.set(key, message.text);
      print(line(message, before !== undefined));
    }
  };
  while (!over.aborted) await simulator.waitFor(look, { timeoutMs: 250 }).catch(() => undefined);
}

function line(message: SeenMessage, edited: boolean): string {
  const what = asRead(message.text);
  const marks = [
    ...(message.threadTs !== undefined && message.threadTs !== message.ts ? ['in a thread'] : []),
    ...(message.isEphemeral ? ['only one person sees this'] : []),
    ...(edited ? ['edited'] : []),
  ];
  const place = message.channel.startsWith('D') ? ['direct message'] : [];
  const how = [...place, ...marks].map((mark) => ` (${mark})`).join('');
  return `  ${timeOfDay(Date.now())} ${nameOf(message.user)}${how}: ${what.replaceAll('\n', '\n           ')}`;
}

/** mrkdwn as a person reads it. */
export function asRead(text: string): string {
  return text
    .replaceAll(/<@(\w+)(?:\|[^>]*)?>/g, (_, id: string) => `@${nameOf(id)}`)
    .replaceAll(/<!date\^[^|>]*\|([^>]*)>/g, '$1')
    .replaceAll(/<!subteam\^(\w+)(?:\|([^>]*))?>/g, (_, id: string, name?: string) => name ?? `@${id}`)
    .replaceAll(/(^|\s)\*([^*\n]+)\*/g, '$1$2')
    .replaceAll(/<(?:https?:[^|>]*)\|([^>]*)>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
