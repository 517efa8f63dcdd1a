// The drawer for the curious: what Slack sent to the app, what the app called, and a few things to break.
import { act, look } from './api.js';
import { byId, h, replaceIfChanged, toast } from './dom.js';
import { userOf } from './state.js';

const PRESETS = [
  { label: 'App is down', fault: { delivery: '*', drop: 'before', times: 'always' } },
  { label: 'App is slow (lost answers)', fault: { delivery: '*', drop: 'after', times: 'always' } },
  { label: 'Next API call: rate limited', fault: { method: '*', status: 429, retryAfter: 5 } },
  { label: 'Next API call: answer lost', fault: { method: '*', drop: 'after' } },
];
const SHOWN = 100;

let tab = 'deliveries';
const opened = new Set();

export function toggleInspector(isOpen) {
  byId('inspector').hidden = !isOpen;
  byId('inspect').setAttribute('aria-expanded', String(isOpen));
  document.body.classList.toggle('with-inspector', isOpen);
  if (isOpen) void drawInspector();
}

/** The frame is built once and only the rows are drawn again, so that a click on the frame is never lost to a refresh. */
export async function drawInspector() {
  const pane = byId('inspector');
  if (pane.hidden) return;
  if (pane.childElementCount === 0) pane.append(...frame());
  const shown = tab;
  const entries = await look(shown);
  if (shown !== tab) return;
  for (const button of pane.querySelectorAll('[role="tab"]')) {
    button.setAttribute('aria-selected', String(button.dataset.tab === tab));
  }
  const latest = entries.slice(-SHOWN).reverse();
  const rows = pane.querySelector('.rows');
  replaceIfChanged(rows, `${tab}:${latest.map((entry) => entry.id).join()}`, () =>
    latest.length === 0 ? [h('p', { class: 'muted' }, 'Nothing yet.')] : latest.map(ROWS[tab]),
  );
}

function frame() {
  const onclick = () => toggleInspector(false);
  return [
    h(
      'header',
      { class: 'pane-head' },
      h('h2', {}, 'Inspector'),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close inspector', onclick }, '✕'),
    ),
    h(
      'div',
      { class: 'tabs', role: 'tablist' },
      tabButton('deliveries', 'Deliveries to the app'),
      tabButton('api-calls', 'API calls'),
    ),
    h('div', { class: 'rows' }),
    faults(),
  ];
}

function tabButton(name, label) {
  const onclick = () => {
    tab = name;
    void drawInspector();
  };
  return h('button', { type: 'button', role: 'tab', 'data-tab': name, onclick }, label);
}

const ROWS = { deliveries: deliveryRow, 'api-calls': callRow };

function deliveryRow(delivery) {
  const isFine = delivery.error === undefined;
  const words = delivery.error ?? String(delivery.status);
  const who = delivery.user === '' ? '' : userOf(delivery.user).name;
  return row(
    `d${delivery.id}`,
    {
      isFine,
      words,
      title: delivery.summary,
      detail: [who, delivery.transport, delivery.attempt > 0 && `retry ${delivery.attempt}`],
      ms: delivery.ms,
    },
    () => [
      h('p', { class: 'muted' }, `${delivery.kind} · ${delivery.at}`),
      h('h4', {}, 'Answer'),
      h('pre', {}, pretty(delivery.ackBody) || '(empty)'),
      h('h4', {}, 'Payload'),
      h('pre', {}, JSON.stringify(delivery.payload, null, 2)),
      h('button', { type: 'button', class: 'button', onclick: () => replay(delivery.id) }, 'Send again'),
    ],
  );
}

function callRow(call) {
  const words = call.status === null ? 'answer lost' : call.ok ? 'ok' : (call.error ?? String(call.status));
  return row(
    `c${call.id}`,
    {
      isFine: call.ok && call.status !== null,
      words,
      title: call.method,
      detail: [call.args.channel, call.args.text?.slice?.(0, 60)],
      ms: call.ms,
    },
    () => [h('p', { class: 'muted' }, call.at), h('pre', {}, JSON.stringify(call.args, null, 2))],
  );
}

function row(id, { isFine, words, title, detail, ms }, body) {
  const box = h(
    'details',
    { open: opened.has(id), ontoggle: () => (box.open ? opened.add(id) : opened.delete(id)) },
    h(
      'summary',
      {},
      h('span', { class: `status ${isFine ? 'fine' : 'wrong'}` }, words),
      h(
        'span',
        { class: 'row-title' },
        title,
        h('small', { class: 'muted' }, ` ${detail.filter(Boolean).join(' · ')}`),
      ),
      h('span', { class: 'muted ms' }, `${ms} ms`),
    ),
    body(),
  );
  return box;
}

function faults() {
  const run = (verb, input, said) =>
    act(verb, input).then(
      () => toast(said),
      (error) => toast(error.message),
    );
  return h(
    'div',
    { class: 'faults' },
    h('h3', {}, 'Break something'),
    PRESETS.map(({ label, fault }) =>
      h('button', { type: 'button', class: 'button', onclick: () => run('fault', fault, `${label}: set`) }, label),
    ),
    h(
      'button',
      { type: 'button', class: 'button primary', onclick: () => run('clear-faults', {}, 'All faults cleared') },
      'Clear all faults',
    ),
  );
}

async function replay(deliveryId) {
  const result = await act('replay', { deliveryId }).catch((error) => ({ error: error.message }));
  toast(result.error ?? `Sent again: ${result.status} in ${result.ms} ms`);
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
