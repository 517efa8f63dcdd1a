// Interactive elements: what each may hold, and where each may be.
import { isRecord, type Json } from '../json.ts';
import { confirmDialog, option, options, style, textObject } from './composition.ts';
import { complain, list, object, type Report, string } from './report.ts';

export type Place = 'section' | 'actions' | 'input' | 'context';

interface ElementRule {
  readonly places: readonly Place[];
  readonly fields: string;
  readonly check: (report: Report, element: Json, pointer: string) => void;
}

const COMMON = 'type action_id focus_on_load';
const PICK = `${COMMON} placeholder confirm`;

/** Whether an element keeps a value (`state.values`) or is only clicked. */
export function keepsValue(type: unknown): boolean {
  return typeof type === 'string' && type in ELEMENTS && !['button', 'overflow', 'image'].includes(type);
}

export function checkElement(report: Report, value: unknown, pointer: string, place: Place): void {
  if (!isRecord(value)) {
    complain(report, pointer, 'must provide an object');
    return;
  }
  const rule = ELEMENTS[String(value.type)];
  if (rule === undefined || !rule.places.includes(place)) {
    complain(report, `${pointer}/type`, `unsupported type: ${String(value.type)}`);
    return;
  }
  object(report, value, pointer, rule.fields);
  if (value.type !== 'image') checkActionId(report, value, pointer);
  confirmDialog(report, value, pointer);
  textObject(report, value, pointer, { key: 'placeholder', max: 150, kind: 'plain_text' });
  rule.check(report, value, pointer);
}

function checkActionId(report: Report, element: Json, pointer: string): void {
  string(report, element, pointer, { key: 'action_id', max: 255 });
  const id = element.action_id;
  if (typeof id !== 'string') return;
  if (report.actionIds.has(id)) complain(report, `${pointer}/action_id`, `action_id \`${id}\` already exists`);
  report.actionIds.add(id);
}

function button(report: Report, element: Json, pointer: string): void {
  textObject(report, element, pointer, { key: 'text', max: 75, kind: 'plain_text', required: true });
  string(report, element, pointer, { key: 'value', max: 2000 });
  string(report, element, pointer, { key: 'url', max: 3000 });
  string(report, element, pointer, { key: 'accessibility_label', max: 75 });
  style(report, element, pointer);
}

function choices(max: number): ElementRule['check'] {
  return (report, element, pointer) => {
    options(report, element, pointer, max);
    if (element.initial_option !== undefined) option(report, element.initial_option, `${pointer}/initial_option`);
  };
}

function image(report: Report, element: Json, pointer: string): void {
  string(report, element, pointer, { key: 'alt_text', max: 2000, required: true });
  if (element.slack_file === undefined)
    string(report, element, pointer, { key: 'image_url', max: 3000, required: true });
}

function textInput(report: Report, element: Json, pointer: string): void {
  string(report, element, pointer, { key: 'initial_value', max: 3000 });
  for (const key of ['min_length', 'max_length']) {
    const length = element[key];
    if (length !== undefined && !(Number.isInteger(length) && Number(length) >= 0 && Number(length) <= 3000)) {
      complain(report, `${pointer}/${key}`, 'must be an integer of 0 to 3000');
    }
  }
}

function numberInput(report: Report, element: Json, pointer: string): void {
  if (typeof element.is_decimal_allowed !== 'boolean')
    complain(report, pointer, 'missing required field: is_decimal_allowed');
}

function externalChoices(report: Report, element: Json, pointer: string): void {
  if (element.initial_option !== undefined) option(report, element.initial_option, `${pointer}/initial_option`);
}

const nothingMore = (): void => {};
const everywhere: readonly Place[] = ['section', 'actions', 'input'];
const notInActions: readonly Place[] = ['section', 'input'];

function overflow(report: Report, element: Json, pointer: string): void {
  list(report, element, pointer, { key: 'options', max: 5 }).forEach((each, index) => {
    option(report, each, `${pointer}/options/${index}`);
  });
}

const ELEMENTS: Readonly<Record<string, ElementRule>> = {
  button: {
    places: ['section', 'actions'],
    fields: 'type action_id text url value style confirm accessibility_label',
    check: button,
  },
  checkboxes: { places: everywhere, fields: `${COMMON} options initial_options confirm`, check: choices(10) },
  radio_buttons: { places: everywhere, fields: `${COMMON} options initial_option confirm`, check: choices(10) },
  overflow: { places: ['section', 'actions'], fields: 'type action_id options confirm', check: overflow },
  static_select: { places: everywhere, fields: `${PICK} options option_groups initial_option`, check: choices(100) },
  multi_static_select: {
    places: notInActions,
    fields: `${PICK} options option_groups initial_options max_selected_items`,
    check: choices(100),
  },
  external_select: { places: everywhere, fields: `${PICK} initial_option min_query_length`, check: externalChoices },
  multi_external_select: {
    places: notInActions,
    fields: `${PICK} initial_options min_query_length max_selected_items`,
    check: nothingMore,
  },
  users_select: { places: everywhere, fields: `${PICK} initial_user`, check: nothingMore },
  multi_users_select: { places: notInActions, fields: `${PICK} initial_users max_selected_items`, check: nothingMore },
  channels_select: { places: everywhere, fields: `${PICK} initial_channel response_url_enabled`, check: nothingMore },
  multi_channels_select: {
    places: notInActions,
    fields: `${PICK} initial_channels max_selected_items`,
    check: nothingMore,
  },
  conversations_select: {
    places: everywhere,
    fields: `${PICK} initial_conversation default_to_current_conversation response_url_enabled filter`,
    check: nothingMore,
  },
  multi_conversations_select: {
    places: notInActions,
    fields: `${PICK} initial_conversations default_to_current_conversation filter max_selected_items`,
    check: nothingMore,
  },
  datepicker: { places: everywhere, fields: `${PICK} initial_date`, check: nothingMore },
  timepicker: { places: everywhere, fields: `${PICK} initial_time timezone`, check: nothingMore },
  datetimepicker: { places: ['actions', 'input'], fields: `${COMMON} confirm initial_date_time`, check: nothingMore },
  plain_text_input: {
    places: ['input'],
    fields: `${COMMON} placeholder initial_value multiline min_length max_length dispatch_action_config`,
    check: textInput,
  },
  email_text_input: {
    places: ['input'],
    fields: `${COMMON} placeholder initial_value dispatch_action_config`,
    check: textInput,
  },
  url_text_input: {
    places: ['input'],
    fields: `${COMMON} placeholder initial_value dispatch_action_config`,
    check: textInput,
  },
  number_input: {
    places: ['input'],
    fields: `${COMMON} placeholder initial_value is_decimal_allowed min_value max_value dispatch_action_config`,
    check: numberInput,
  },
  file_input: { places: ['input'], fields: 'type action_id filetypes max_files', check: nothingMore },
  image: { places: ['section', 'context'], fields: 'type alt_text image_url slack_file', check: image },
};
