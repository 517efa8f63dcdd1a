// Modals: the app's forms. What a person has typed is held here until it is sent, whatever is drawn anew meanwhile.

import { post } from './api.js';
import { drawBlocks } from './blocks.js';
import { h } from './dom.js';
import { plain } from './mrkdwn.js';

const held = new Map();
let drawn = '';

/** Shows the top of the person's stack of modals, or nothing. */
export function showModal(root, { modals, user, names, problems }) {
  const view = modals.at(-1);
  const signature = JSON.stringify([user, view?.id, view?.hash, problems]);
  if (signature === drawn) return;
  drawn = signature;
  root.replaceChildren();
  if (!view) {
    held.clear();
    return;
  }
  root.append(
    h(
      'div',
      { class: 'shade' },
      modal(view, {
        user,
        names,
        problems,
        redraw: (next) => showModal(root, { modals, user, names, problems: next }),
      }),
    ),
  );
  root.querySelector('input, select, textarea')?.focus();
}

function modal(view, { user, names, problems, redraw }) {
  const values = valuesOf(view);
  const surface = {
    user,
    names,
    viewId: view.id,
    errors: problems?.errors,
    values: () => values,
    chosen: (element) => held.get(`${view.id}.${element.action_id}`),
    hold: (element, value) => held.set(`${view.id}.${element.action_id}`, value),
  };
  const submit = async (event) => {
    event.preventDefault();
    const send = event.target.querySelector('button[type=submit]');
    if (send) send.disabled = true;
    const result = await post('submit-view', { user, viewId: view.id, values: valuesOf(view) }).catch((thrown) => ({
      banner: thrown.message,
    }));
    if (send) send.disabled = false;
    if (result.errors || result.banner) redraw({ errors: result.errors, banner: result.banner });
  };
  const close = () => void post('close-view', { user, viewId: view.id });
  return h(
    'form',
    {
      class: 'dialog modal',
      role: 'dialog',
      'aria-modal': 'true',
      'aria-label': plain(view.title.text),
      onsubmit: submit,
      novalidate: true,
    },
    h(
      'header',
      {},
      h('h2', {}, plain(view.title.text)),
      h('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: close }, '×'),
    ),
    problems?.banner && h('div', { class: 'banner', role: 'alert' }, problems.banner),
    h('div', { class: 'dialog-body' }, drawBlocks(view.blocks, surface)),
    h(
      'div',
      { class: 'dialog-foot' },
      h('button', { class: 'button', type: 'button', onclick: close }, plain(view.close?.text ?? 'Cancel')),
      view.submit && h('button', { class: 'button primary', type: 'submit' }, plain(view.submit.text)),
    ),
  );
}

/** By block and action, as they are sent: what was typed, else what the form began with. */
function valuesOf(view) {
  const values = {};
  for (const block of view.blocks) {
    const element = block.type === 'input' ? block.element : block.accessory;
    const key = element && `${view.id}.${element.action_id}`;
    if (element && held.has(key)) values[block.block_id] = { [element.action_id]: held.get(key) };
  }
  return values;
}
