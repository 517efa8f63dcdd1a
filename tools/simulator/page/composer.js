// Where people write. A line that starts with "/" is a command, with completion from the app's manifest.
import { commandList } from './commands.js';
import { h } from './dom.js';
import { attempt, currentChannel, state } from './state.js';

const COMMAND = /^(\/\S*)(?:\s+([\s\S]*))?$/;
const HINT = 'Enter to send · Shift + Enter for a new line · / for commands';
const CLOSED = 'This app takes commands here, not messages.';

export function createComposer(form) {
  const field = h('textarea', { 'aria-label': 'Message', 'aria-controls': 'completions', rows: 1 });
  const list = commandList(field);
  const hint = h('div', { class: 'composer-hint muted' }, HINT);
  const button = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send' }, '➤');
  const submit = () => sendLine(form, field).finally(list.refresh);
  form.replaceChildren(list.element, h('div', { class: 'composer-box' }, field, button), hint);
  field.addEventListener('input', list.refresh);
  field.addEventListener('keydown', (event) => {
    if (list.onKey(event)) return;
    if (isSendKey(event)) void submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  return {
    refresh: () => {
      const { kind, name } = currentChannel();
      const { app } = state.workspace;
      const takesWords = app.home.messages_tab_enabled === true && app.home.messages_tab_read_only_enabled !== true;
      hint.textContent = kind === 'im' && !takesWords ? CLOSED : HINT;
      field.placeholder = kind === 'im' ? `Message ${app.name}` : `Message #${name}`;
    },
  };
}

async function sendLine(form, field) {
  const text = field.value.trim();
  if (text === '') return;
  field.value = '';
  const { channel } = state;
  const command = COMMAND.exec(text);
  form.classList.add('working');
  if (command === null) await attempt('say', { channel, text });
  else await attempt('command', { channel, command: command[1], text: command[2] ?? '' });
  form.classList.remove('working');
}

/** The small field of the thread pane: words only, since Slack has no commands in threads. */
export function threadComposer() {
  const field = h('textarea', { 'aria-label': 'Reply', rows: 1, placeholder: 'Reply…' });
  const submit = async () => {
    const text = field.value.trim();
    if (text === '') return;
    field.value = '';
    await attempt('say', { channel: state.channel, threadTs: state.thread, text });
  };
  const button = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send reply' }, '➤');
  const form = h('form', { class: 'composer' }, h('div', { class: 'composer-box' }, field, button));
  field.addEventListener('keydown', (event) => isSendKey(event) && void submit());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  return form;
}

function isSendKey(event) {
  const isSend = event.key === 'Enter' && !event.shiftKey && !event.isComposing;
  if (isSend) event.preventDefault();
  return isSend;
}
