// Blocks as cards. What this page does not draw is shown by name, never silently left out.

import { renderChart } from './chart.js';
import { h } from './dom.js';
import { renderElement } from './elements.js';
import { richText } from './state.js';

/** `surface`: { where, formValues? } as in elements.js. */
export function renderBlocks(blocks, surface) {
  return h(
    'div',
    { class: 'blocks' },
    blocks.map((block) => renderBlock(block, surface)),
  );
}

function renderBlock(block, surface) {
  const place = { ...surface, blockId: block.block_id, dispatch: true };
  const build = BLOCKS[block.type] ?? ((other) => h('div', { class: 'unknown' }, `[${other.type}]`));
  const element = build(block, place);
  element.dataset.blockId = block.block_id;
  return element;
}

const BLOCKS = {
  header: (block) => h('h3', { class: 'block-header' }, richText(block.text)),
  divider: () => h('hr', { class: 'block-divider' }),
  section: (block, place) =>
    h(
      'div',
      { class: 'block-section' },
      h(
        'div',
        { class: 'block-main' },
        block.text && h('div', { class: 'text' }, richText(block.text)),
        block.fields &&
          h(
            'div',
            { class: 'fields' },
            block.fields.map((field) => h('div', { class: 'text' }, richText(field))),
          ),
      ),
      block.accessory && h('div', { class: 'accessory' }, renderElement(block.accessory, place)),
    ),
  context: (block) =>
    h(
      'div',
      { class: 'block-context' },
      block.elements.map((element) =>
        element.type === 'image'
          ? h('img', { class: 'context-image', src: element.image_url, alt: element.alt_text })
          : h('span', {}, richText(element)),
      ),
    ),
  actions: (block, place) =>
    h(
      'div',
      { class: 'block-actions' },
      block.elements.map((element) => renderElement(element, place)),
    ),
  image: (block) =>
    h(
      'figure',
      { class: 'block-image' },
      block.title && h('figcaption', {}, richText(block.title)),
      h('img', { src: block.image_url, alt: block.alt_text, loading: 'lazy' }),
    ),
  input: (block, place) =>
    h(
      'div',
      { class: 'block-input' },
      h(
        'span',
        { class: 'label', 'aria-hidden': 'true' },
        richText(block.label),
        block.optional && h('small', {}, ' (optional)'),
      ),
      renderElement(block.element, { ...place, dispatch: block.dispatch_action === true, label: block.label.text }),
      block.hint && h('small', { class: 'hint' }, richText(block.hint)),
      h('div', { class: 'input-error', role: 'alert', hidden: true }),
    ),
  markdown: (block) => h('div', { class: 'text' }, richText(block.text.replace(/\*\*(.+?)\*\*/g, '*$1*'))),
  data_visualization: renderChart,
  table: (block) =>
    h(
      'table',
      { class: 'block-table' },
      block.rows.map((row) =>
        h(
          'tr',
          {},
          row.map((cell) => h('td', {}, richText({ type: 'plain_text', text: cell.text ?? '' }))),
        ),
      ),
    ),
};

/** What a form holds now, by block_id and action_id. */
export function readForm(root) {
  const values = {};
  for (const control of root.querySelectorAll('[data-action]')) {
    const { block, action } = control.dataset;
    values[block] = { ...values[block], [action]: control.readChoice() };
  }
  return values;
}

/** Puts typed text back after an update, where block_id and action_id stayed the same. */
export function restoreForm(root, values) {
  for (const control of root.querySelectorAll('input[data-action], textarea[data-action], select[data-action]')) {
    const value = values[control.dataset.block]?.[control.dataset.action];
    if (typeof value === 'string') control.value = value;
  }
}
