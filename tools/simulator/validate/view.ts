// Views: a modal or the Home tab around a list of blocks.
import { isRecord, type Json } from '../json.ts';
import { checkBlocks } from './blocks.ts';
import { textObject } from './composition.ts';
import { complain, createReport, object, type Report, string } from './report.ts';

export type ViewResult =
  | { readonly ok: true; readonly content: Json; readonly blocks: readonly Json[] }
  | { readonly ok: false; readonly messages: readonly string[] };

const FIELDS =
  'type title blocks close submit private_metadata callback_id clear_on_close notify_on_close external_id submit_disabled';

/** Checks a view as views.open, views.push, views.update and views.publish do. */
export function checkView(value: unknown, type: 'modal' | 'home'): ViewResult {
  if (!isRecord(value)) return { ok: false, messages: ['[ERROR] must provide an object [json-pointer:/view]'] };
  const report = createReport();
  if (value.type !== type) complain(report, '/view/type', `must be one of ${type}`);
  object(report, value, '/view', FIELDS);
  string(report, value, '/view', { key: 'private_metadata', max: 3000 });
  string(report, value, '/view', { key: 'callback_id', max: 255 });
  string(report, value, '/view', { key: 'external_id', max: 255 });
  if (type === 'modal') checkModal(report, value);
  const checked = checkBlocks(value.blocks, type);
  if (!checked.ok)
    report.messages.push(...checked.messages.map((line) => line.replace('json-pointer:/', 'json-pointer:/view/')));
  if (report.messages.length > 0 || !checked.ok) return { ok: false, messages: report.messages };
  return { ok: true, content: value, blocks: checked.blocks };
}

function checkModal(report: Report, view: Json): void {
  for (const key of ['title', 'submit', 'close']) {
    textObject(report, view, '/view', { key, max: 24, kind: 'plain_text', required: key === 'title' });
  }
  const blocks = Array.isArray(view.blocks) ? view.blocks : [];
  const hasInput = blocks.some((block) => isRecord(block) && block.type === 'input');
  if (hasInput && view.submit === undefined) complain(report, '/view', 'missing required field: submit');
}
