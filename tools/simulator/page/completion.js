// The commands that begin with what was typed so far.

import { h } from './dom.js';

export function createCompletion(input) {
  let commands = [];
  let chosen = 0;
  const list = h('ul', {
    id: 'completion',
    class: 'completion',
    role: 'listbox',
    'aria-label': 'Commands',
    hidden: true,
  });

  const matching = () =>
    /^\/\S*$/.test(input.value) ? commands.filter(({ command }) => command.startsWith(input.value)) : [];

  function draw() {
    const found = matching();
    chosen = Math.min(chosen, Math.max(0, found.length - 1));
    list.hidden = found.length === 0;
    list.replaceChildren(...found.map((each, index) => row(each, index === chosen)));
  }

  function row({ command, usage_hint: hint, description }, isChosen) {
    const press = (event) => {
      event.preventDefault();
      take(command);
    };
    return h(
      'li',
      { role: 'option', 'aria-selected': String(isChosen), onmousedown: press },
      h('b', {}, command),
      h('span', { class: 'usage' }, hint ?? ''),
      h('small', {}, description),
    );
  }

  function take(command) {
    input.value = `${command} `;
    list.hidden = true;
    input.focus();
  }

  function move(by, count) {
    chosen = (chosen + by + count) % count;
    draw();
  }

  /** True when the key was meant for the list. */
  function key({ key: name, shiftKey }) {
    const found = list.hidden ? [] : matching();
    const picked = found[chosen];
    if (!picked) return false;
    if (name === 'Escape') list.hidden = true;
    else if (name === 'ArrowDown') move(1, found.length);
    else if (name === 'ArrowUp') move(-1, found.length);
    else if (name === 'Tab' || (name === 'Enter' && !shiftKey && input.value !== picked.command)) take(picked.command);
    else return false;
    return true;
  }

  return {
    list,
    key,
    open: () => {
      chosen = 0;
      draw();
    },
    close: () => {
      list.hidden = true;
    },
    offer: (offered) => {
      commands = offered;
    },
  };
}
