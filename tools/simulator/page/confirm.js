// The confirm dialog of Block Kit: resolves with true when the person means it.
import { byId, h } from './dom.js';
import { richText } from './state.js';

let dialogs = 0;

export function confirmDialog(confirm) {
  return new Promise((resolve) => {
    const id = `confirm-${++dialogs}`;
    const dialog = h(
      'dialog',
      { role: 'dialog', class: 'dialog confirm', 'aria-labelledby': id, onclose: () => finish() },
      h(
        'header',
        {},
        h('h2', { id }, richText(confirm.title)),
        h(
          'button',
          { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => dialog.close() },
          '✕',
        ),
      ),
      h('div', { class: 'dialog-body' }, richText(confirm.text)),
      h(
        'footer',
        {},
        h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, richText(confirm.deny)),
        h(
          'button',
          {
            type: 'button',
            class: `button ${confirm.style === 'danger' ? 'danger' : 'primary'}`,
            onclick: () => dialog.close('yes'),
          },
          richText(confirm.confirm),
        ),
      ),
    );
    const finish = () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    };
    byId('dialogs').append(dialog);
    dialog.showModal();
  });
}
