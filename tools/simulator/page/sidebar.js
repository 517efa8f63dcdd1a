// The team's name, the accounts, the list of channels, and the head of the open one.
import { avatar } from './avatar.js';
import { byId, h, replaceIfChanged } from './dom.js';
import { currentChannel, richText, state } from './state.js';

export function drawAccounts(switchTo) {
  const people = state.workspace.users.filter((user) => !user.isBot);
  byId('team').textContent = state.workspace.team.name;
  const box = byId('accounts');
  const isNew = replaceIfChanged(box, JSON.stringify(people), () =>
    people.map((user) =>
      h(
        'label',
        { class: 'account', title: `${user.realName}, ${user.title}` },
        h('input', {
          type: 'radio',
          name: 'account',
          value: user.id,
          'aria-label': user.name,
          onchange: () => switchTo(user.id),
        }),
        avatar(user.id, 'small'),
        h('span', { class: 'account-name' }, user.name, h('small', {}, user.title)),
      ),
    ),
  );
  for (const radio of box.querySelectorAll('input')) radio.checked = radio.value === state.user;
  return isNew;
}

export function drawSidebar(openChannel) {
  const { channels, app } = state.workspace;
  const rooms = channels.filter((channel) => channel.kind !== 'im');
  const talks = channels.filter((channel) => channel.kind === 'im');
  const key = JSON.stringify([channels, state.channel, state.user, [...state.seen]]);
  replaceIfChanged(byId('sidebar'), key, () => [
    h('h2', {}, 'Channels'),
    h(
      'ul',
      {},
      rooms.map((channel) => item(channel, [mark(channel.kind === 'private' ? '🔒' : '#'), channel.name], openChannel)),
    ),
    h('h2', {}, 'Apps'),
    h(
      'ul',
      {},
      talks.map((channel) => item(channel, [avatar(app.botUserId, 'tiny'), app.name], openChannel)),
    ),
  ]);
}

function item(channel, content, openChannel) {
  const isOpen = channel.id === state.channel;
  const isUnread = !isOpen && channel.lastTs > (state.seen.get(`${state.user}:${channel.id}`) ?? '0');
  return h(
    'li',
    {},
    h(
      'button',
      {
        type: 'button',
        class: `room ${isUnread ? 'unread' : ''}`,
        'aria-current': isOpen ? 'page' : undefined,
        onclick: () => openChannel(channel.id),
      },
      content,
      isUnread && h('span', { class: 'dot', role: 'img', 'aria-label': 'unread' }),
    ),
  );
}

function mark(sign) {
  return h('span', { class: 'mark', 'aria-hidden': 'true' }, sign);
}

export function drawHead(openTab) {
  const channel = currentChannel();
  const { app } = state.workspace;
  const isTalk = channel.kind === 'im';
  const key = JSON.stringify([channel, state.tab, state.user, app.home]);
  replaceIfChanged(byId('channel-head'), key, () =>
    [
      h(
        'div',
        { class: 'channel-title' },
        h('h1', {}, isTalk ? app.name : [mark(channel.kind === 'private' ? '🔒' : '#'), channel.name]),
        channel.topic && h('span', { class: 'muted topic' }, richText({ type: 'plain_text', text: channel.topic })),
        !isTalk &&
          h(
            'span',
            { class: 'muted members' },
            `${channel.memberCount} members${channel.hasBot ? '' : ' · the app is not in this channel'}`,
          ),
      ),
      isTalk &&
        h(
          'div',
          { class: 'tabs', role: 'tablist' },
          app.home.home_tab_enabled && tab('home', 'Home', openTab),
          tab('messages', 'Messages', openTab),
        ),
    ].filter(Boolean),
  );
}

function tab(name, label, openTab) {
  return h(
    'button',
    { type: 'button', role: 'tab', 'aria-selected': String(state.tab === name), onclick: () => openTab(name) },
    label,
  );
}
