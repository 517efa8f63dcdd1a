// Text, options and confirm dialogs: the parts that blocks and elements are made of.
import { isRecord, type Json } from '../json.ts';
import { complain, type FieldRule, list, object, type Report, string } from './report.ts';

export type TextKind = 'plain_text' | 'any';

export interface TextRule {
  readonly max: number;
  readonly kind: TextKind;
  readonly required?: boolean;
}

export function textObject(report: Report, owner: Json, pointer: string, rule: FieldRule<TextRule>): void {
  const { key } = rule;
  const value = owner[key];
  if (value === undefined || value === null) {
    if (rule.required) complain(report, pointer, `missing required field: ${key}`);
    return;
  }
  oneText(report, value, `${pointer}/${key}`, rule);
}

export function oneText(report: Report, value: unknown, pointer: string, rule: TextRule): void {
  if (!isRecord(value)) {
    complain(report, pointer, 'must provide an object');
    return;
  }
  const isPlain = value.type === 'plain_text';
  if (!isPlain && value.type !== 'mrkdwn') {
    complain(report, `${pointer}/type`, `unsupported type: ${String(value.type)}`);
    return;
  }
  if (!isPlain && rule.kind === 'plain_text') {
    complain(report, `${pointer}/type`, 'must be one of plain_text');
    return;
  }
  object(report, value, pointer, isPlain ? 'type text emoji' : 'type text verbatim');
  string(report, value, pointer, { key: 'text', max: rule.max, required: true });
}

export function option(report: Report, value: unknown, pointer: string, maxValue = 150): void {
  const fields = object(report, value, pointer, 'text value description url');
  if (fields === undefined) return;
  textObject(report, fields, pointer, { key: 'text', max: 75, kind: 'any', required: true });
  string(report, fields, pointer, { key: 'value', max: maxValue, required: true });
  textObject(report, fields, pointer, { key: 'description', max: 75, kind: 'any' });
  string(report, fields, pointer, { key: 'url', max: 3000 });
}

/** `options` or `option_groups`, one of the two. */
export function options(report: Report, element: Json, pointer: string, max: number): void {
  if (element.option_groups === undefined) {
    list(report, element, pointer, { key: 'options', max }).forEach((each, index) => {
      option(report, each, `${pointer}/options/${index}`);
    });
    return;
  }
  if (element.options !== undefined) complain(report, pointer, 'only one of options and option_groups is allowed');
  list(report, element, pointer, { key: 'option_groups', max: 100 }).forEach((group, index) => {
    const place = `${pointer}/option_groups/${index}`;
    const fields = object(report, group, place, 'label options');
    if (fields === undefined) return;
    textObject(report, fields, place, { key: 'label', max: 75, kind: 'plain_text', required: true });
    options(report, { options: fields.options }, place, max);
  });
}

export function confirmDialog(report: Report, element: Json, pointer: string): void {
  if (element.confirm === undefined) return;
  const place = `${pointer}/confirm`;
  const fields = object(report, element.confirm, place, 'title text confirm deny style');
  if (fields === undefined) return;
  textObject(report, fields, place, { key: 'title', max: 100, kind: 'plain_text', required: true });
  textObject(report, fields, place, { key: 'text', max: 300, kind: 'any', required: true });
  textObject(report, fields, place, { key: 'confirm', max: 30, kind: 'plain_text', required: true });
  textObject(report, fields, place, { key: 'deny', max: 30, kind: 'plain_text', required: true });
  style(report, fields, place);
}

export function style(report: Report, owner: Json, pointer: string): void {
  const value = owner.style;
  if (value !== undefined && value !== 'primary' && value !== 'danger') {
    complain(report, `${pointer}/style`, 'must be one of primary, danger');
  }
}
