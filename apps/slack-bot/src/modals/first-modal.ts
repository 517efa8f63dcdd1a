// Put first: a deployment that goes before the others that wait names its reason.

import type { WaitingView } from '@bg/engine';
import { section } from '../cards/blocks.ts';
import { outside } from '../cards/text.ts';
import { waitingId } from '../cards/waiting-card.ts';
import { type Modal, textInput, words } from './inputs.ts';
import { reasonBlock } from './reject-modal.ts';

export const firstModalId = 'first-modal';

export function firstModal(view: WaitingView): Modal {
  const { name, version, place, due } = view;
  const where =
    place === undefined && due ? `is deployed at ${due.wall} ${due.zone}` : `waits in place ${place ?? '?'}`;
  return {
    type: 'modal',
    callback_id: firstModalId,
    private_metadata: waitingId(view),
    title: words('Put first', 24),
    submit: words('Put first', 24),
    close: words('Cancel', 24),
    blocks: [
      section(`*${outside(name, 80)}* ${outside(version, 64)} ${outside(where, 80)}.`),
      textInput({
        id: reasonBlock,
        label: 'Why does it go before the others?',
        optional: false,
        hint: 'Such as: it fixes the outage',
      }),
    ],
  };
}
