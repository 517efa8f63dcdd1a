// The few Block Kit shapes this app uses, each within Slack's limits whatever it is given.

import type { types } from '@slack/bolt';
import { cut, cutLines, plain } from './text.ts';

export type Block = types.KnownBlock;
/** Of a message; a dialog takes no charts. */
export type CardBlock = Block | ChartBlock;
export type Button = types.Button;

/** Not among the types of @slack/types yet. */
export interface ChartBlock {
  readonly type: 'data_visualization';
  readonly block_id: string;
  readonly title: string;
  readonly chart: {
    readonly type: 'line';
    readonly series: readonly {
      readonly name: string;
      readonly data: readonly { readonly label: string; readonly value: number }[];
    }[];
    readonly axis_config: {
      readonly categories: readonly string[];
      readonly x_label: string;
      readonly y_label: string;
    };
  };
}

/** A message: `text` says the whole state in one sentence, for notifications and screen readers. */
export interface Card {
  readonly text: string;
  readonly blocks: readonly CardBlock[];
}

export const maxBlocks = 50;
const maxSection = 3000;
const maxField = 2000;
const maxContext = 3000;
/** Slack advises 4000 for a message's own text. */
const maxText = 3500;

/** `verbatim`: a bare @name, #channel or address in foreign text stays text. */
const mrkdwn = (text: string, max: number): types.MrkdwnElement => ({
  type: 'mrkdwn',
  text: cutLines(text, max),
  verbatim: true,
});

const plainText = (text: string, max: number): types.PlainTextElement => ({
  type: 'plain_text',
  text: plain(text, max),
  emoji: true,
});

export function header(text: string): Block {
  return { type: 'header', text: plainText(text, 150) };
}

export function section(text: string): Block {
  return { type: 'section', text: mrkdwn(text, maxSection) };
}

/** Pairs of a short title and its text, two in a row. */
export function fields(pairs: readonly (readonly [title: string, text: string])[]): Block {
  return {
    type: 'section',
    fields: pairs.slice(0, 10).map(([title, text]) => mrkdwn(`*${title}*\n${text}`, maxField)),
  };
}

export function context(text: string): Block {
  return { type: 'context', elements: [mrkdwn(text, maxContext)] };
}

export function actions(buttons: readonly Button[], blockId: string): Block {
  return { type: 'actions', block_id: cut(blockId, 255), elements: buttons.slice(0, 25) };
}

export const divider: Block = { type: 'divider' };

export interface ButtonSpec {
  readonly actionId: string;
  readonly label: string;
  readonly value: string;
  readonly style?: 'primary' | 'danger' | undefined;
  /** Asks before it sends; `text` is mrkdwn that names the effect. */
  readonly confirm?: { readonly title: string; readonly text: string } | undefined;
}

export function button({ actionId, label, value, style, confirm }: ButtonSpec): Button {
  return {
    type: 'button',
    action_id: actionId,
    text: plainText(label, 75),
    value: cut(value, 2000),
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined ? {} : { confirm: confirmation(label, confirm, style) }),
  };
}

function confirmation(
  label: string,
  { title, text }: { readonly title: string; readonly text: string },
  style: 'primary' | 'danger' | undefined,
): types.ConfirmationDialog {
  return {
    title: plainText(title, 100),
    text: mrkdwn(text, 300),
    confirm: plainText(label, 30),
    deny: plainText('Cancel', 30),
    ...(style === undefined ? {} : { style }),
  };
}

/** For a Slack that refuses the blocks. */
export const textAlone = ({ text }: Card): Card => ({ text: cutLines(text, 1500), blocks: [] });

/** At most fifty blocks; a cut card says so and keeps its last two (buttons and context). */
export function card(text: string, blocks: readonly (CardBlock | undefined)[], limit = maxBlocks): Card {
  const present = blocks.filter((block) => block !== undefined);
  if (present.length <= limit) return { text: cutLines(text, maxText), blocks: present };
  const left = present.length - (limit - 1);
  const kept = [...present.slice(0, limit - 3), context(`… and ${left} more`), ...present.slice(-2)];
  return { text: cutLines(text, maxText), blocks: kept };
}
