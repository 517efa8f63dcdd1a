// Cancel: what waits is taken out. A reason may be given; the audit log holds it.

import type { WaitingView } from '@bg/engine';
import { section } from '../cards/blocks.ts';
import { outside } from '../cards/text.ts';
import { waitingId } from '../cards/waiting-card.ts';
import { type Modal, textInput, words } from './inputs.ts';
import { reasonBlock } from './reject-modal.ts';

export const cancelModalId = 'cancel-modal';

export function cancelModal(view: WaitingView): Modal {
  return {
    type: 'modal',
    callback_id: cancelModalId,
    private_metadata: waitingId(view),
    title: words('Take it out', 24),
    submit: words('Take it out', 24),
    close: words('Leave it', 24),
    blocks: [
      section(`${outside(view.version, 64)} is not deployed to *${outside(view.name, 80)}* then.`),
      textInput({ id: reasonBlock, label: 'Why? You may leave this empty.', optional: true }),
    ],
  };
}
