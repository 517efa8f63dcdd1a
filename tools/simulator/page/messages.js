// The channel's message list and the thread pane.
import { avatar } from './avatar.js';
import { readForm, renderBlocks } from './blocks.js';
import { byId, clockTime, h, toast } from './dom.js';
import { currentChannel, richText, state, userOf } from './state.js';

/** Draws the list, touching only what changed, and stays at the bottom when it was there. */
export function drawMessages(openThread) {
  const list = byId('messages');
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const isOther = list.dataset.channel !== `${state.user}:${state.channel}`;
  list.dataset.channel = `${state.user}:${state.channel}`;
  list.setAttribute('aria-label', `Messages in ${channelTitle()}`);
  patch(list, state.messages, { openThread, empty: emptyNote });
  if (isAtEnd || isOther) list.scrollTop = list.scrollHeight;
  state.seen.set(`${state.user}:${state.channel}`, state.messages.at(-1)?.ts ?? '0');
}

export function drawThread(closeThread, composer) {
  const pane = byId('thread');
  pane.hidden = state.thread === undefined;
  document.body.classList.toggle('with-thread', !pane.hidden);
  if (pane.hidden) {
    pane.replaceChildren();
    delete pane.dataset.ts;
    return;
  }
  if (pane.dataset.ts !== state.thread) {
    pane.dataset.ts = state.thread;
    const close = h(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': 'Close thread', onclick: closeThread },
      '✕',
    );
    pane.replaceChildren(
      h('header', { class: 'pane-head' }, h('h2', {}, 'Thread'), h('span', { class: 'muted' }, channelTitle()), close),
      h('div', { class: 'thread-list' }),
      composer(),
    );
  }
  const list = pane.querySelector('.thread-list');
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  patch(list, state.replies, { inThread: true });
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

export function channelTitle() {
  const channel = currentChannel();
  return channel.kind === 'im' ? state.workspace.app.name : `#${channel.name}`;
}

function patch(list, messages, options) {
  const existing = new Map(
    [...list.querySelectorAll(':scope > [data-ts]')].map((element) => [element.dataset.ts, element]),
  );
  const drawn = [];
  let day = '';
  for (const message of messages) {
    const messageDay = new Date(Number(message.ts) * 1000).toDateString();
    if (messageDay !== day && !options.inThread) drawn.push(dayLine(messageDay));
    day = messageDay;
    const key = JSON.stringify([message, options.inThread ?? false]);
    const old = existing.get(message.ts);
    drawn.push(old?.dataset.drawn === key ? old : drawMessage(message, key, options));
    if (options.inThread && drawn.length === 1) drawn.push(replyLine(messages.length - 1));
  }
  if (messages.length === 0 && options.empty) drawn.push(options.empty());
  const isSame =
    drawn.length === list.children.length && drawn.every((element, index) => element === list.children[index]);
  if (!isSame) reconcile(list, drawn);
}

/** Moves as little as possible: an element that stays is not taken out, so its focus stays too. */
function reconcile(list, drawn) {
  const wanted = new Set(drawn);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  for (const [index, element] of drawn.entries()) {
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
  }
}

function drawMessage(message, key, { openThread, inThread = false }) {
  const user = userOf(message.user);
  const onlyYou = message.isEphemeral ? ', only visible to you' : '';
  const element = h(
    'div',
    {
      role: 'article',
      class: `message ${message.isEphemeral ? 'ephemeral' : ''}`,
      'data-ts': message.ts,
      'aria-label': `${user.name} at ${clockTime(message.ts)}${onlyYou}`,
    },
    message.isEphemeral &&
      h('div', { class: 'only-you' }, h('span', { 'aria-hidden': 'true' }, '◉ '), 'Only visible to you'),
    avatar(message.user),
    h(
      'div',
      { class: 'message-main' },
      byline(user, message),
      content(message),
      message.files.map(drawFile),
      message.reactions.length > 0 && h('div', { class: 'reactions' }, message.reactions.map(drawReaction)),
      !inThread && message.replyCount > 0 && threadLine(message, openThread),
    ),
    !inThread && !message.isEphemeral && tools(message, openThread),
  );
  element.dataset.drawn = key;
  return element;
}

function byline(user, message) {
  const date = new Date(Number(message.ts) * 1000);
  return h(
    'div',
    { class: 'byline' },
    h('strong', {}, user.isBot ? user.realName : user.name),
    user.isBot && h('span', { class: 'app-badge' }, 'APP'),
    h('time', { datetime: date.toISOString(), title: date.toLocaleString() }, clockTime(message.ts)),
  );
}

function content(message) {
  const where = { channel: message.channel, messageTs: message.ts };
  if (message.blocks.length > 0) {
    const blocks = renderBlocks(message.blocks, { where, formValues: () => readForm(blocks) });
    return blocks;
  }
  return h(
    'div',
    { class: 'text' },
    richText(message.text),
    message.isEdited && h('small', { class: 'muted' }, ' (edited)'),
  );
}

function tools(message, openThread) {
  const tool = (label, sign, onclick) =>
    h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick }, sign);
  return h(
    'div',
    { class: 'message-tools' },
    tool('Reply in thread', '💬', () => openThread(message.ts)),
    tool('Copy link', '🔗', () => copyLink(message)),
  );
}

function threadLine(message, openThread) {
  const words = message.replyCount === 1 ? '1 reply' : `${message.replyCount} replies`;
  return h(
    'button',
    { type: 'button', class: 'thread-line', onclick: () => openThread(message.ts) },
    message.replyUsers.slice(0, 3).map((user) => avatar(user, 'tiny')),
    h('span', { class: 'link' }, words),
    h('span', { class: 'muted' }, `Last reply ${clockTime(message.latestReply)}`),
  );
}

function drawFile(file) {
  if (file.mimetype?.startsWith('image/'))
    return h('img', { class: 'file-image', src: file.url_private, alt: file.title });
  return h('a', { class: 'file', href: file.url_private, download: file.name }, '📄 ', file.title ?? file.id);
}

function drawReaction(reaction) {
  return h('span', { class: 'reaction' }, richText(`:${reaction.name}:`), ` ${reaction.users.length}`);
}

function dayLine(day) {
  const isToday = day === new Date().toDateString();
  const words = isToday
    ? 'Today'
    : new Date(day).toLocaleDateString([], { weekday: 'long', month: 'long', day: 'numeric' });
  return h('div', { class: 'day-line' }, h('span', {}, words));
}

function replyLine(count) {
  return h('div', { class: 'reply-line muted' }, count === 1 ? '1 reply' : `${count} replies`);
}

function emptyNote() {
  const channel = currentChannel();
  if (channel.kind === 'im')
    return h(
      'div',
      { class: 'empty' },
      h('h3', {}, state.workspace.app.name),
      h('p', {}, 'Messages from the app to you alone appear here.'),
    );
  const first = state.workspace.commands[0];
  return h(
    'div',
    { class: 'empty' },
    h('h3', {}, `# ${channel.name}`),
    h('p', {}, channel.topic || 'This is the very beginning of the channel.'),
    first &&
      channel.hasBot &&
      h('p', { class: 'muted' }, 'Try ', h('code', {}, `${first.command} ${first.usage_hint ?? ''}`.trim())),
  );
}

async function copyLink(message) {
  const link = `${location.origin}/archives/${message.channel}/p${message.ts.replace('.', '')}`;
  await navigator.clipboard.writeText(link).then(
    () => toast('Link copied'),
    () => toast(link),
  );
}
