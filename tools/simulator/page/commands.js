// The list above the composer: the app's commands, as its manifest describes them.
import { h } from './dom.js';
import { state } from './state.js';

export function commandList(field) {
  let picked = 0;
  const element = h('div', {
    class: 'completions',
    role: 'listbox',
    'aria-label': 'Commands',
    id: 'completions',
    hidden: true,
  });

  function draw() {
    const found = matching(field.value);
    element.hidden = found.length === 0;
    element.replaceChildren(...found.map((command, index) => option(command, index === picked, take)));
  }

  function take(command) {
    field.value = `${command.command} `;
    field.focus();
    draw();
  }

  return {
    element,
    refresh: () => {
      picked = 0;
      field.style.height = 'auto';
      field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
      draw();
    },
    /** True when the key was meant for the list. */
    onKey: (event) => {
      const found = matching(field.value);
      if (event.key === 'Escape') element.hidden = true;
      if (found.length === 0 || /\s/.test(field.value)) return false;
      const isWhole = found.some((command) => command.command === field.value);
      const step = { ArrowDown: 1, ArrowUp: found.length - 1 }[event.key];
      if (step !== undefined) {
        picked = (picked + step) % found.length;
        draw();
      } else if (event.key === 'Tab' || (event.key === 'Enter' && !isWhole)) take(found[picked]);
      else return false;
      event.preventDefault();
      return true;
    },
  };
}

/** Commands that begin with what is typed; once there is a blank, the one that is meant. */
function matching(typed) {
  const command = /^(\/\S*)/.exec(typed)?.[1];
  if (command === undefined) return [];
  const known = state.workspace?.commands ?? [];
  return known.filter((each) => (/\s/.test(typed) ? each.command === command : each.command.startsWith(command)));
}

function option(command, isPicked, take) {
  const onmousedown = (event) => {
    event.preventDefault();
    take(command);
  };
  return h(
    'div',
    { class: 'completion', role: 'option', 'aria-selected': String(isPicked), onmousedown },
    h('strong', {}, command.command),
    h('span', { class: 'usage' }, command.usage_hint ?? ''),
    h('span', { class: 'muted' }, command.description),
  );
}
