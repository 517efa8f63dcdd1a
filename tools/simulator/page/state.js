// What the page knows: whose screen this is, what is open, and the workspace as that person sees it.
import { act, look } from './api.js';
import { h, toast } from './dom.js';
import { parseMrkdwn, parsePlain } from './mrkdwn.js';

export const state = {
  user: '',
  channel: '',
  tab: 'messages',
  thread: undefined,
  workspace: undefined,
  messages: [],
  replies: [],
  /** Last seen ts per user and channel, for the bold names in the sidebar. */
  seen: new Map(),
  /** Clicks under way or failed, by place and action. */
  clicks: new Map(),
};

export async function loadWorkspace() {
  state.workspace = await look('state', state.user === '' ? {} : { user: state.user });
  state.user = state.workspace.user;
  if (!state.workspace.channels.some((channel) => channel.id === state.channel)) {
    state.channel =
      state.workspace.channels.find((channel) => channel.hasBot && channel.kind !== 'im')?.id ??
      state.workspace.channels[0].id;
    state.tab = 'messages';
    state.thread = undefined;
  }
}

export async function loadMessages() {
  const where = { user: state.user, channel: state.channel };
  const [messages, replies] = await Promise.all([
    look('messages', where),
    state.thread === undefined ? [] : look('messages', { ...where, thread: state.thread }),
  ]);
  if (where.user !== state.user || where.channel !== state.channel) return;
  state.messages = messages;
  state.replies = replies;
}

export function currentChannel() {
  return state.workspace.channels.find((channel) => channel.id === state.channel);
}

export function userOf(id) {
  return (
    state.workspace.users.find((user) => user.id === id) ?? { id, name: id, realName: id, title: '', isBot: false }
  );
}

export const directory = {
  user: (id) => state.workspace.users.find((user) => user.id === id)?.name,
  channel: (id) => state.workspace.channels.find((channel) => channel.id === id)?.name,
  group: (id) => state.workspace.groups.find((group) => group.id === id)?.handle,
};

/** A text object, or a string of mrkdwn, as nodes of the page. */
export function richText(text) {
  if (typeof text === 'string') return toDom(parseMrkdwn(text, directory));
  if (text?.type === 'plain_text') return toDom(parsePlain(text.text));
  return toDom(parseMrkdwn(text?.text ?? '', directory));
}

function toDom(nodes) {
  return nodes.map((node) => {
    if (typeof node === 'string') return document.createTextNode(node);
    const { tag, children, class: className, ...attributes } = node;
    const link = tag === 'a' ? { target: '_blank', rel: 'noopener noreferrer' } : {};
    return h(tag, { ...attributes, ...link, class: className }, toDom(children));
  });
}

/** A control call whose failure the person should hear of. */
export async function attempt(verb, input) {
  try {
    return await act(verb, { user: state.user, ...input });
  } catch (error) {
    toast(error.message);
    return { error: error.message };
  }
}
