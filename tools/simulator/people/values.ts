// Interactive elements inside blocks: finding one, and turning what a person chose into Slack's words for it.
import { SimulatorError } from '../errors.ts';
import { isRecord, type Json, record, records, text } from '../json.ts';
import { keepsValue } from '../validate/elements.ts';

export interface Placed {
  readonly blockId: string;
  readonly block: Json;
  readonly element: Json;
}

export function elementsIn(blocks: readonly Json[]): readonly Placed[] {
  return blocks.flatMap((block) => {
    const inside = [...records(block.elements), ...records([block.accessory, block.element])];
    return inside
      .filter((element) => typeof element.action_id === 'string')
      .map((element) => ({ blockId: String(block.block_id), block, element }));
  });
}

export function findElement(
  blocks: readonly Json[],
  { actionId, blockId }: { readonly actionId: string; readonly blockId?: string | undefined },
): Placed | undefined {
  return elementsIn(blocks).find(
    (placed) => placed.element.action_id === actionId && (blockId === undefined || placed.blockId === blockId),
  );
}

/** What an element holds before a person touches it. */
export function initialState(element: Json): Json {
  const field = FIELD[String(element.type)] ?? 'value';
  const initial = field === 'value' ? element.initial_value : element[`initial_${field.replace(/^selected_/, '')}`];
  const empty = field.endsWith('s') ? [] : null;
  return { type: element.type, [field]: initial ?? empty };
}

/**
 * A person's choice as Slack reports it. `choice` is a string (typed text, an option's value, an id, a date), a list of
 * them, an option object, null for "nothing", or the finished state object.
 */
export function chosenState(element: Json, choice: unknown, offered: readonly Json[] = []): Json {
  if (choice === undefined) return initialState(element);
  if (isRecord(choice) && choice.type === element.type) return choice;
  const field = FIELD[String(element.type)] ?? 'value';
  return { type: element.type, [field]: chosenValue(element, field, choice, offered) };
}

function chosenValue(element: Json, field: string, choice: unknown, offered: readonly Json[]): unknown {
  if (choice === null || choice === '') return field.endsWith('s') ? [] : null;
  if (field === 'selected_option') return pickOption(element, choice, offered);
  if (field === 'selected_options') return [choice].flat().map((each) => pickOption(element, each, offered));
  return field.endsWith('s') ? [choice].flat() : choice;
}

function pickOption(element: Json, choice: unknown, offered: readonly Json[]): Json {
  const wanted = isRecord(choice) ? text(choice.value) : text(choice);
  const known = [...optionsOf(element), ...offered];
  const found = known.find((each) => each.value === wanted) ?? known.find((each) => record(each.text).text === wanted);
  if (found !== undefined) return found;
  throw new SimulatorError('element-not-found', `"${String(element.action_id)}" offers no option "${String(wanted)}"`);
}

export function optionsOf(holder: Json): readonly Json[] {
  const grouped = records(holder.option_groups).flatMap((group) => records(group.options));
  return [...records(holder.options), ...grouped];
}

export function isEmptyState(state: Json): boolean {
  const value = state[FIELD[String(state.type)] ?? 'value'];
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/** `state.values` for every element that keeps a value, from the given choices by block and action. */
export function stateValues(blocks: readonly Json[], choices: Json, offered: readonly Json[] = []): Json {
  const values: Record<string, Record<string, Json>> = {};
  for (const { blockId, element } of elementsIn(blocks)) {
    if (!keepsValue(element.type)) continue;
    const forBlock = choices[blockId];
    const isByAction = isRecord(forBlock) && String(element.action_id) in forBlock;
    const choice = isByAction ? forBlock[String(element.action_id)] : isRecord(forBlock) ? undefined : forBlock;
    values[blockId] = { ...values[blockId], [String(element.action_id)]: chosenState(element, choice, offered) };
  }
  return values;
}

const FIELD: Readonly<Record<string, string>> = {
  static_select: 'selected_option',
  external_select: 'selected_option',
  radio_buttons: 'selected_option',
  overflow: 'selected_option',
  checkboxes: 'selected_options',
  multi_static_select: 'selected_options',
  multi_external_select: 'selected_options',
  users_select: 'selected_user',
  multi_users_select: 'selected_users',
  channels_select: 'selected_channel',
  multi_channels_select: 'selected_channels',
  conversations_select: 'selected_conversation',
  multi_conversations_select: 'selected_conversations',
  datepicker: 'selected_date',
  timepicker: 'selected_time',
  datetimepicker: 'selected_date_time',
  file_input: 'files',
};
