// A lock names its reason and its end: asked for on the Home tab, where no command is typed.

import { section } from '../cards/blocks.ts';
import { outside } from '../cards/text.ts';
import { type Modal, selectInput, textInput, words } from './inputs.ts';
import { reasonBlock } from './reject-modal.ts';

export const lockModalId = 'lock-modal';
export const lockTimeBlock = 'time';

const hourMs = 3_600_000;
const times = { '1h': hourMs, '4h': 4 * hourMs, '1d': 24 * hourMs, '3d': 72 * hourMs } as const;
const labels = { '1h': '1 hour', '4h': '4 hours', '1d': '1 day', '3d': '3 days' } as const;

export const readLockTime = (value: string | undefined): number =>
  value !== undefined && Object.hasOwn(times, value) ? times[value as keyof typeof times] : times['4h'];

/** `ref`: `service/target`. */
export function lockModal({ ref, name }: { readonly ref: string; readonly name: string }): Modal {
  return {
    type: 'modal',
    callback_id: lockModalId,
    private_metadata: ref,
    title: words('Lock', 24),
    submit: words('Lock', 24),
    close: words('Cancel', 24),
    blocks: [
      section(`No deployment of *${outside(name, 80)}* starts while it is locked. A rollback is never locked out.`),
      textInput({ id: reasonBlock, label: 'Why?', optional: false }),
      selectInput({
        id: lockTimeBlock,
        label: 'For how long?',
        choices: Object.entries(labels).map(([value, label]) => ({ value, label })),
        chosen: '4h',
      }),
    ],
  };
}
