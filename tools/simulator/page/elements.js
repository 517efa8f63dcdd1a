// Interactive elements. Each that keeps a value carries data-block and data-action, and `readChoice()` for the form around it.
import { confirmDialog } from './confirm.js';
import { h } from './dom.js';
import { externalSelect, overflowMenu } from './menus.js';
import { attempt, richText, state } from './state.js';

/**
 * `place`: { where: { channel, messageTs } | { viewId }, blockId, dispatch, formValues() }.
 * `dispatch` says whether a choice is sent at once, as it is everywhere but in plain input blocks.
 */
export function renderElement(element, place) {
  const build = BUILDERS[element.type] ?? unknown;
  return build(element, place);
}

/** Sends what was clicked or chosen, after the confirm dialog if there is one. */
export async function send(element, place, { choice, control } = {}) {
  const key = clickKey(element, place);
  if (state.clicks.get(key) === 'busy') return;
  if (element.confirm !== undefined && !(await confirmDialog(element.confirm))) return;
  setClick(key, control, 'busy');
  const isButton = element.type === 'button';
  const result = await attempt(isButton ? 'click' : 'select', {
    ...place.where,
    actionId: element.action_id,
    blockId: place.blockId,
    confirmed: true,
    // People click what they see: a message that was updated a moment ago may not be drawn yet.
    stale: true,
    values: place.formValues?.(),
    ...(!isButton && { value: choice }),
  });
  setClick(key, control, result.error === undefined ? undefined : 'failed');
}

function clickKey(element, place) {
  const { channel, messageTs, viewId } = place.where;
  return [viewId ?? `${channel}:${messageTs}`, place.blockId, element.action_id].join('|');
}

function setClick(key, control, status) {
  if (status === undefined) state.clicks.delete(key);
  else state.clicks.set(key, status);
  const shown = control?.isConnected ? control : document.querySelector(`[data-click="${CSS.escape(key)}"]`);
  if (shown !== null) showClick(shown, status);
}

function showClick(control, status) {
  control.toggleAttribute('aria-busy', status === 'busy');
  if (status === 'busy') control.setAttribute('aria-busy', 'true');
  if ('disabled' in control) control.disabled = status === 'busy';
  control.parentElement?.querySelector(':scope > .click-failed')?.remove();
  if (status !== 'failed') return;
  const warning = 'This app did not respond. Try again.';
  control.after(h('span', { class: 'click-failed', role: 'img', 'aria-label': warning, title: warning }, '⚠'));
}

function clickable(control, element, place) {
  const key = clickKey(element, place);
  control.dataset.click = key;
  queueMicrotask(() => showClick(control, state.clicks.get(key)));
  return control;
}

function button(element, place) {
  const control = h(
    'button',
    {
      type: 'button',
      class: `button ${element.style ?? ''}`,
      'aria-label': element.accessibility_label,
      onclick: () => {
        if (/^https?:\/\//i.test(element.url ?? '')) window.open(element.url, '_blank', 'noopener,noreferrer');
        void send(element, place, { control });
      },
    },
    richText(element.text),
  );
  return h('span', { class: 'clickable' }, clickable(control, element, place));
}

function keep(control, element, place, readChoice) {
  control.dataset.block = place.blockId;
  control.dataset.action = element.action_id;
  control.readChoice = readChoice;
  return control;
}

function select(element, place) {
  const isMulti = element.type.startsWith('multi_');
  const initial = [element.initial_option ?? element.initial_options ?? []].flat().map((option) => option.value);
  const one = (option) =>
    h('option', { value: option.value, selected: initial.includes(option.value) }, option.text.text);
  const groups = element.option_groups?.map((group) =>
    h('optgroup', { label: group.label.text }, group.options.map(one)),
  );
  const control = h(
    'select',
    { class: 'input', multiple: isMulti, 'aria-label': place.label ?? element.placeholder?.text ?? 'Select an option' },
    !isMulti &&
      h('option', { value: '', selected: initial.length === 0 }, element.placeholder?.text ?? 'Choose an option'),
    groups ?? element.options.map(one),
  );
  const read = () => (isMulti ? [...control.selectedOptions].map((option) => option.value) : control.value || null);
  if (place.dispatch)
    control.addEventListener('change', () => read() && send(element, place, { choice: read(), control }));
  return h('span', { class: 'clickable' }, keep(clickable(control, element, place), element, place, read));
}

/** Selects of people and channels, filled from the workspace. */
function workspaceSelect(list, initialKey) {
  return (element, place) =>
    select(
      {
        ...element,
        options: list().map((each) => ({ value: each.id, text: { type: 'plain_text', text: each.label } })),
        initial_option: element[initialKey] === undefined ? undefined : { value: element[initialKey] },
      },
      place,
    );
}

const people = () =>
  state.workspace.users.filter((user) => !user.isBot).map((user) => ({ id: user.id, label: user.realName }));
const rooms = () =>
  state.workspace.channels
    .filter((channel) => channel.kind !== 'im')
    .map((channel) => ({ id: channel.id, label: `#${channel.name}` }));

function checks(kind) {
  return (element, place) => {
    const initial = [element.initial_option ?? element.initial_options ?? []].flat().map((option) => option.value);
    const name = `${place.blockId}:${element.action_id}`;
    const boxes = element.options.map((option) =>
      h('input', { type: kind, name, value: option.value, checked: initial.includes(option.value) }),
    );
    const read = () => {
      const values = boxes.filter((box) => box.checked).map((box) => box.value);
      return kind === 'radio' ? (values[0] ?? null) : values;
    };
    const control = h(
      'fieldset',
      { class: 'checks', 'aria-label': place.label },
      element.options.map((option, index) =>
        h(
          'label',
          {},
          boxes[index],
          h('span', {}, richText(option.text), option.description && h('small', {}, richText(option.description))),
        ),
      ),
    );
    if (place.dispatch) control.addEventListener('change', () => send(element, place, { choice: read(), control }));
    return keep(clickable(control, element, place), element, place, read);
  };
}

function typed(type, initialKey) {
  return (element, place) => {
    const tag = element.multiline ? 'textarea' : 'input';
    const control = h(tag, {
      class: 'input',
      ...(tag === 'input' ? { type } : { rows: 4 }),
      placeholder: element.placeholder?.text,
      'aria-label': place.label ?? element.placeholder?.text,
      maxlength: element.max_length,
      value: element[initialKey] ?? '',
    });
    if (place.dispatch)
      control.addEventListener('change', () => send(element, place, { choice: control.value, control }));
    return keep(control, element, place, () => control.value);
  };
}

function image(element) {
  return h('img', { class: 'accessory-image', src: element.image_url, alt: element.alt_text, loading: 'lazy' });
}

function unknown(element) {
  return h('span', { class: 'unknown' }, `[${element.type}]`);
}

const BUILDERS = {
  button,
  image,
  static_select: select,
  multi_static_select: select,
  users_select: workspaceSelect(people, 'initial_user'),
  multi_users_select: workspaceSelect(people, 'initial_users'),
  channels_select: workspaceSelect(rooms, 'initial_channel'),
  conversations_select: workspaceSelect(rooms, 'initial_conversation'),
  external_select: (element, place) => externalSelect(element, place, { keep, send }),
  overflow: (element, place) => overflowMenu(element, place, { send }),
  checkboxes: checks('checkbox'),
  radio_buttons: checks('radio'),
  datepicker: typed('date', 'initial_date'),
  timepicker: typed('time', 'initial_time'),
  plain_text_input: typed('text', 'initial_value'),
  number_input: typed('number', 'initial_value'),
  email_text_input: typed('email', 'initial_value'),
  url_text_input: typed('url', 'initial_value'),
};
