// The question before something that matters.

import { h } from './dom.js';
import { drawText } from './mrkdwn.js';

/** @returns true when the person pressed the confirming button. */
export function confirmDialog({ title, text, confirm, deny, style }, names) {
  return new Promise((resolve) => {
    const close = (answer) => {
      shade.remove();
      document.removeEventListener('keydown', onKey);
      resolve(answer);
    };
    const onKey = (event) => {
      if (event.key === 'Escape') close(false);
    };
    const yes = h(
      'button',
      { class: `button ${style ?? 'primary'}`, type: 'button', onclick: () => close(true) },
      confirm.text,
    );
    const shade = h(
      'div',
      { class: 'shade' },
      h(
        'div',
        { class: 'dialog', role: 'dialog', 'aria-modal': 'true', 'aria-label': title.text },
        h('h2', {}, title.text),
        h('div', { class: 'dialog-body' }, drawText(text, names)),
        h(
          'div',
          { class: 'dialog-foot' },
          h('button', { class: 'button', type: 'button', onclick: () => close(false) }, deny.text),
          yes,
        ),
      ),
    );
    document.addEventListener('keydown', onKey);
    document.body.append(shade);
    yes.focus();
  });
}
