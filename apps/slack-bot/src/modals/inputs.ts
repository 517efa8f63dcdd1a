// The few input blocks of this app's forms, and how their answers are read back.

import type { types } from '@slack/bolt';
import { plain } from '../cards/text.ts';

export type ModalBlock = types.KnownBlock;

export interface Modal {
  readonly type: 'modal';
  readonly callback_id: string;
  readonly private_metadata: string;
  readonly title: types.PlainTextElement;
  readonly submit?: types.PlainTextElement;
  readonly close: types.PlainTextElement;
  readonly blocks: ModalBlock[];
}

export const words = (text: string, max: number): types.PlainTextElement => ({
  type: 'plain_text',
  text: plain(text, max),
  emoji: true,
});

export interface Choice {
  readonly label: string;
  readonly value: string;
}

/** Slack takes a hundred options in a group, and a view of 250 kB: ten groups are less than half of it. */
const perGroup = 100;
export const maxChoices = 10 * perGroup;

export interface SelectSpec {
  readonly id: string;
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen?: string | undefined;
  /** Slack sends a click to the bot as soon as a person chooses. */
  readonly actionId?: string;
}

export function selectInput({ id, label, choices, chosen, actionId }: SelectSpec): ModalBlock {
  const shown = choices.slice(0, maxChoices);
  const preset = choices.find(({ value }) => value === chosen);
  // The chosen value is always among them.
  if (preset !== undefined && !shown.includes(preset)) shown.splice(maxChoices - 1, 1, preset);
  const options = shown.map(option);
  const initial = options.find(({ value }) => value === chosen);
  return {
    type: 'input',
    block_id: id,
    label: words(label, 100),
    dispatch_action: actionId !== undefined,
    element: {
      type: 'static_select',
      action_id: actionId ?? id,
      ...(options.length <= perGroup ? { options } : { option_groups: groupsOf(options) }),
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}

type Option = ReturnType<typeof option>;

function groupsOf(options: Option[]): { readonly label: types.PlainTextElement; readonly options: Option[] }[] {
  return Array.from({ length: Math.ceil(options.length / perGroup) }, (_, index) => {
    const [from, to] = [index * perGroup, Math.min((index + 1) * perGroup, options.length)];
    return { label: words(`${from + 1} to ${to} of ${options.length}`, 75), options: options.slice(from, to) };
  });
}

const option = ({ label, value }: Choice) => ({ text: words(label, 75), value });

export interface TextSpec {
  readonly id: string;
  readonly label: string;
  readonly optional: boolean;
  readonly hint?: string;
}

export function textInput({ id, label, optional, hint }: TextSpec): ModalBlock {
  return {
    type: 'input',
    block_id: id,
    label: words(label, 100),
    optional,
    element: { type: 'plain_text_input', action_id: id, multiline: !optional, max_length: 500 },
    ...(hint === undefined ? {} : { hint: words(hint, 150) }),
  };
}

export function tickInput(id: string, label: string, tick: Choice): ModalBlock {
  return {
    type: 'input',
    block_id: id,
    label: words(label, 100),
    optional: true,
    element: { type: 'checkboxes', action_id: id, options: [option(tick)] },
  };
}

/** What a submitted view holds, by block: the chosen value, the ticked values, or the text. */
export type ViewValues = Readonly<Record<string, Readonly<Record<string, ViewValue>>>>;

interface ViewValue {
  readonly value?: string | null | undefined;
  readonly selected_option?: { readonly value: string } | null | undefined;
  readonly selected_options?: readonly { readonly value: string }[] | null | undefined;
}

export function answer(values: ViewValues, block: string): string | undefined {
  const [given] = Object.values(values[block] ?? {});
  const found: unknown = given?.selected_option?.value ?? given?.value;
  // Signed by Slack, and all the same only what a form of ours can hold: a text.
  return typeof found === 'string' ? found.trim() || undefined : undefined;
}

export function ticked(values: ViewValues, block: string, tick: string): boolean {
  const [given] = Object.values(values[block] ?? {});
  const found: unknown = given?.selected_options;
  return Array.isArray(found) && found.some((each: { readonly value?: unknown } | null) => each?.value === tick);
}
