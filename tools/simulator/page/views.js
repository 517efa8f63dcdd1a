// The app's Home tab and its modals.
import { readForm, renderBlocks, restoreForm } from './blocks.js';
import { byId, h } from './dom.js';
import { attempt, richText, state } from './state.js';

export function drawHome() {
  const pane = byId('home');
  pane.hidden = state.tab !== 'home';
  byId('messages').hidden = !pane.hidden;
  byId('composer').hidden = !pane.hidden;
  if (pane.hidden) return;
  const { home } = state.workspace;
  const key = `${state.user}:${home?.id}:${home?.hash}`;
  if (pane.dataset.drawn === key) return;
  pane.dataset.drawn = key;
  pane.replaceChildren(
    home === null
      ? h(
          'div',
          { class: 'empty' },
          h('h3', {}, 'Home'),
          h('p', {}, 'The app has not published its Home for this person yet.'),
        )
      : renderBlocks(home.blocks, { where: { viewId: home.id }, formValues: () => readForm(pane) }),
  );
}

/** One dialog at a time: the top of the stack. It is drawn again only when the app changed it. */
export function drawModals() {
  const view = state.workspace.modals.at(-1);
  const open = document.querySelector('dialog[data-view]');
  if (view === undefined || (open !== null && open.dataset.view !== view.id)) {
    open?.remove();
    if (view !== undefined) showModal(view);
    return;
  }
  if (open === null) showModal(view);
  else if (open.dataset.hash !== view.hash) {
    const typed = readForm(open);
    fill(open, view);
    restoreForm(open, typed);
  }
}

function showModal(view) {
  const dialog = h('dialog', {
    role: 'dialog',
    class: 'dialog modal',
    'aria-labelledby': 'modal-title',
    'data-view': view.id,
    oncancel: (event) => {
      event.preventDefault();
      close(dialog.dataset.view);
    },
  });
  fill(dialog, view);
  byId('dialogs').append(dialog);
  dialog.showModal();
  dialog.querySelector('.dialog-body :is(input, textarea, select)')?.focus();
}

function fill(dialog, view) {
  dialog.dataset.hash = view.hash;
  const banner = h('div', { class: 'modal-banner', role: 'alert', hidden: true });
  const submitButton = view.submit && h('button', { type: 'submit', class: 'button primary' }, richText(view.submit));
  const form = h(
    'form',
    { method: 'dialog', novalidate: true, onsubmit: (event) => submit(event, { view, form, banner, submitButton }) },
    h(
      'header',
      {},
      h('h2', { id: 'modal-title' }, richText(view.title)),
      h(
        'button',
        { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => close(view.id, true) },
        '✕',
      ),
    ),
    banner,
    h(
      'div',
      { class: 'dialog-body' },
      renderBlocks(view.blocks, { where: { viewId: view.id }, formValues: () => readForm(form) }),
    ),
    h(
      'footer',
      {},
      h('span', { class: 'muted from' }, state.workspace.app.name),
      h(
        'button',
        { type: 'button', class: 'button', onclick: () => close(view.id) },
        view.close ? richText(view.close) : 'Cancel',
      ),
      submitButton,
    ),
  );
  dialog.replaceChildren(form);
}

async function submit(event, { view, form, banner, submitButton }) {
  event.preventDefault();
  if (submitButton?.disabled) return;
  submitButton?.setAttribute('aria-busy', 'true');
  if (submitButton) submitButton.disabled = true;
  const result = await attempt('submit-view', { viewId: view.id, values: readForm(form) });
  submitButton?.removeAttribute('aria-busy');
  if (submitButton) submitButton.disabled = false;
  banner.hidden = result.banner === undefined;
  banner.textContent = result.banner ?? '';
  for (const block of form.querySelectorAll('.block-input')) {
    const error = result.errors?.[block.dataset.blockId];
    const line = block.querySelector('.input-error');
    line.hidden = error === undefined;
    line.textContent = error ?? '';
    const control = block.querySelector('[data-action]');
    if (error === undefined) control?.removeAttribute('aria-invalid');
    else control?.setAttribute('aria-invalid', 'true');
  }
  form.querySelector('[aria-invalid]')?.focus();
}

function close(viewId, all = false) {
  void attempt('close-view', { viewId, all });
}
