// Blocks: limits, required fields and the ids that Slack fills in when an app leaves them out.
import { randomBytes } from 'node:crypto';
import { isRecord, type Json } from '../json.ts';
import { chart, countCharts } from './charts.ts';
import { oneText, textObject } from './composition.ts';
import { checkElement } from './elements.ts';
import { complain, createReport, list, object, type Report, string } from './report.ts';

export type Surface = 'message' | 'modal' | 'home';

export type BlocksResult =
  | { readonly ok: true; readonly blocks: readonly Json[] }
  | { readonly ok: false; readonly messages: readonly string[] };

const MOST_BLOCKS: Readonly<Record<Surface, number>> = { message: 50, modal: 100, home: 100 };

/** Checks a list of blocks as Slack does and fills missing block_ids and action_ids. `unknown`: types of newer blocks. */
export function checkBlocks(value: unknown, surface: Surface, unknown: ReadonlySet<string> = new Set()): BlocksResult {
  const report = createReport();
  const blocks = list(report, { blocks: value }, '', { key: 'blocks', max: MOST_BLOCKS[surface], min: 0 });
  const blockIds = new Set<string>();
  blocks.forEach((block, index) => {
    const type = isRecord(block) ? String(block.type) : '';
    if (unknown.has(type)) complain(report, `/blocks/${index}/type`, `unsupported type: ${type}`);
    else checkBlock(report, block, `/blocks/${index}`, surface);
    const id = isRecord(block) ? block.block_id : undefined;
    if (typeof id !== 'string') return;
    if (blockIds.has(id)) complain(report, `/blocks/${index}/block_id`, `block_id \`${id}\` already exists`);
    blockIds.add(id);
  });
  countCharts(report, blocks);
  if (report.messages.length > 0) return { ok: false, messages: report.messages };
  return { ok: true, blocks: (blocks as readonly Json[]).map(withIds) };
}

function checkBlock(report: Report, value: unknown, pointer: string, surface: Surface): void {
  if (!isRecord(value)) {
    complain(report, pointer, 'must provide an object');
    return;
  }
  const rule = BLOCKS[String(value.type)];
  if (value.type === undefined) complain(report, pointer, 'missing required field: type');
  else if (rule === undefined) complain(report, `${pointer}/type`, `unsupported type: ${String(value.type)}`);
  else {
    if (rule.fields !== undefined) object(report, value, pointer, `type block_id ${rule.fields}`);
    string(report, value, pointer, { key: 'block_id', max: 255 });
    report.actionIds.clear();
    rule.check(report, value, pointer, surface);
  }
}

interface BlockRule {
  /** Left out for kinds of which only the type is known here. */
  readonly fields?: string;
  readonly check: (report: Report, block: Json, pointer: string, surface: Surface) => void;
}

function section(report: Report, block: Json, pointer: string): void {
  if (block.text === undefined && block.fields === undefined) complain(report, pointer, 'must provide text or fields');
  textObject(report, block, pointer, { key: 'text', max: 3000, kind: 'any' });
  if (block.fields !== undefined) {
    list(report, block, pointer, { key: 'fields', max: 10 }).forEach((field, index) => {
      oneText(report, field, `${pointer}/fields/${index}`, { max: 2000, kind: 'any' });
    });
  }
  if (block.accessory !== undefined) checkElement(report, block.accessory, `${pointer}/accessory`, 'section');
}

function actions(report: Report, block: Json, pointer: string): void {
  list(report, block, pointer, { key: 'elements', max: 25 }).forEach((element, index) => {
    checkElement(report, element, `${pointer}/elements/${index}`, 'actions');
  });
}

function context(report: Report, block: Json, pointer: string): void {
  list(report, block, pointer, { key: 'elements', max: 10 }).forEach((element, index) => {
    const place = `${pointer}/elements/${index}`;
    if (isRecord(element) && element.type === 'image') checkElement(report, element, place, 'context');
    else oneText(report, element, place, { max: 3000, kind: 'any' });
  });
}

function input(report: Report, block: Json, pointer: string): void {
  textObject(report, block, pointer, { key: 'label', max: 2000, kind: 'plain_text', required: true });
  textObject(report, block, pointer, { key: 'hint', max: 2000, kind: 'plain_text' });
  if (block.element === undefined) complain(report, pointer, 'missing required field: element');
  else checkElement(report, block.element, `${pointer}/element`, 'input');
}

function image(report: Report, block: Json, pointer: string): void {
  textObject(report, block, pointer, { key: 'title', max: 2000, kind: 'plain_text' });
  string(report, block, pointer, { key: 'alt_text', max: 2000, required: true });
  if (block.slack_file === undefined) string(report, block, pointer, { key: 'image_url', max: 3000, required: true });
}

function messageOnly(check: BlockRule['check']): BlockRule['check'] {
  return (report, block, pointer, surface) => {
    if (surface === 'message') check(report, block, pointer, surface);
    else complain(report, `${pointer}/type`, `unsupported type: ${String(block.type)}`);
  };
}

function table(report: Report, block: Json, pointer: string): void {
  list(report, block, pointer, { key: 'rows', max: 100 }).forEach((row, index) => {
    list(report, { row }, `${pointer}/rows/${index}`, { key: 'row', max: 20 });
  });
}

const unknownInside = (): void => {};

const BLOCKS: Readonly<Record<string, BlockRule>> = {
  header: {
    fields: 'text',
    check: (report, block, pointer) =>
      textObject(report, block, pointer, { key: 'text', max: 150, kind: 'plain_text', required: true }),
  },
  section: { fields: 'text fields accessory expand', check: section },
  actions: { fields: 'elements', check: actions },
  context: { fields: 'elements', check: context },
  divider: { fields: '', check: unknownInside },
  image: { fields: 'image_url slack_file alt_text title', check: image },
  input: { fields: 'label element hint optional dispatch_action', check: input },
  markdown: {
    fields: 'text',
    check: messageOnly((report, block, pointer) =>
      string(report, block, pointer, { key: 'text', max: 12_000, required: true }),
    ),
  },
  table: { check: messageOnly(table) },
  data_visualization: { fields: 'title chart', check: messageOnly(chart) },
  rich_text: { check: unknownInside },
  video: { check: unknownInside },
  file: { check: messageOnly(unknownInside) },
};

function withIds(block: Json): Json {
  const filled = { ...block, block_id: block.block_id ?? randomId() };
  if (block.type === 'actions') return { ...filled, elements: (block.elements as readonly Json[]).map(withActionId) };
  if (isRecord(block.accessory)) return { ...filled, accessory: withActionId(block.accessory) };
  if (isRecord(block.element)) return { ...filled, element: withActionId(block.element) };
  return filled;
}

function withActionId(element: Json): Json {
  return element.type === 'image' ? element : { ...element, action_id: element.action_id ?? randomId() };
}

function randomId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5);
}
