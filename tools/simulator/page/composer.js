// Where people type. A slash brings up the app's commands, as the manifest describes them.

import { post } from './api.js';
import { createCompletion } from './completion.js';
import { h } from './dom.js';

const maxHeight = 160;

export function createComposer(root, { where, problem }) {
  const input = h('textarea', {
    rows: 1,
    'aria-label': 'Message',
    spellcheck: 'false',
    'aria-autocomplete': 'list',
    'aria-controls': 'completion',
  });
  const completion = createCompletion(input);
  const submit = (event) => {
    event.preventDefault();
    void send();
  };
  const button = h('button', { class: 'send', type: 'submit', 'aria-label': 'Send' }, '➤');
  root.append(completion.list, h('form', { class: 'composer', onsubmit: submit }, input, button));

  async function send() {
    const text = input.value.trim();
    if (text === '') return;
    input.value = '';
    fit(input);
    completion.close();
    await deliver(text, where()).catch((thrown) => problem(thrown.message));
  }

  input.addEventListener('input', () => {
    completion.open();
    fit(input);
  });
  input.addEventListener('blur', completion.close);
  input.addEventListener('keydown', (event) => {
    if (completion.key(event)) return event.preventDefault();
    if (event.key === 'Enter' && !event.shiftKey) submit(event);
  });

  return {
    show(state, label) {
      completion.offer(state.commands);
      input.placeholder = `Message ${label}, or type /`;
    },
  };
}

function deliver(text, { user, channel }) {
  if (!text.startsWith('/')) return post('say', { user, channel, text });
  const [command, ...rest] = text.split(' ');
  return post('command', { user, channel, command, text: rest.join(' ') });
}

function fit(input) {
  input.style.height = 'auto';
  input.style.height = `${Math.min(input.scrollHeight, maxHeight)}px`;
}
