// The two menus that native controls cannot do: "more actions", and a select whose options the app suggests.
import { h } from './dom.js';
import { attempt, richText } from './state.js';

let menus = 0;

export function overflowMenu(element, place, { send }) {
  const list = h(
    'div',
    { class: 'menu', role: 'menu', hidden: true },
    element.options.map((option) =>
      h(
        'button',
        {
          type: 'button',
          role: 'menuitem',
          onclick: () => {
            show(false);
            if (/^https?:\/\//i.test(option.url ?? '')) window.open(option.url, '_blank', 'noopener,noreferrer');
            send(element, place, { choice: option.value, control: toggle });
          },
        },
        richText(option.text),
      ),
    ),
  );
  const show = (visible) => {
    list.hidden = !visible;
    toggle.setAttribute('aria-expanded', String(visible));
    if (visible) list.querySelector('button')?.focus();
  };
  const toggle = h(
    'button',
    {
      type: 'button',
      class: 'button',
      'aria-label': 'More actions',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      onclick: () => show(list.hidden),
    },
    '⋯',
  );
  return h(
    'span',
    {
      class: 'clickable with-menu',
      onfocusout: (event) => closeWhenLeft(event, () => show(false)),
      onkeydown: onEscape(() => show(false)),
    },
    toggle,
    list,
  );
}

export function externalSelect(element, place, { keep, send }) {
  const least = element.min_query_length ?? 3;
  const id = `suggestions-${++menus}`;
  let chosen = element.initial_option ?? null;
  let latest = 0;
  const list = h('div', { class: 'menu', role: 'listbox', id, hidden: true });
  const field = h('input', {
    class: 'input',
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-controls': id,
    'aria-autocomplete': 'list',
    'aria-label': place.label ?? element.placeholder?.text ?? 'Choose an option',
    placeholder: element.placeholder?.text ?? 'Choose an option',
    value: chosen?.text.text ?? '',
  });
  const show = (visible) => {
    list.hidden = !visible;
    field.setAttribute('aria-expanded', String(visible));
  };
  const pick = (option) => {
    chosen = option;
    field.value = option.text.text;
    show(false);
    if (place.dispatch) send(element, place, { choice: option, control: field });
  };
  const ask = async () => {
    chosen = null;
    const mine = ++latest;
    if (field.value.length < least) return show(false);
    const answer = await attempt('suggest', {
      ...place.where,
      actionId: element.action_id,
      blockId: place.blockId,
      query: field.value,
    });
    if (mine !== latest) return undefined;
    const options = answer.options ?? [];
    const nothing = answer.error === undefined ? 'No results' : 'The app did not answer';
    list.replaceChildren(
      ...(options.length === 0
        ? [h('div', { class: 'menu-empty' }, nothing)]
        : options.map((option) =>
            h('button', { type: 'button', role: 'option', onclick: () => pick(option) }, richText(option.text)),
          )),
    );
    return show(true);
  };
  field.addEventListener('input', ask);
  field.addEventListener('focus', () => chosen === null && ask());
  keep(field, element, place, () => chosen);
  return h(
    'span',
    {
      class: 'clickable with-menu wide',
      onfocusout: (event) => closeWhenLeft(event, () => show(false)),
      onkeydown: onEscape(() => show(false)),
    },
    field,
    list,
  );
}

function closeWhenLeft(event, close) {
  if (!event.currentTarget.contains(event.relatedTarget)) close();
}

function onEscape(close) {
  return (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  };
}
