// A reject names its reason: asked for in a form, bound to the state of the card that it was opened from.

import type { DeploymentView } from '@bg/engine';
import { section } from '../cards/blocks.ts';
import { refText } from '../cards/button-value.ts';
import { deploymentSentence } from '../cards/deployment-card.ts';
import { type Modal, textInput, words } from './inputs.ts';

export const rejectModalId = 'reject-modal';
export const reasonBlock = 'reason';

export function rejectModal(view: DeploymentView, stateVersion: number): Modal {
  const back = view.from === undefined ? 'It is given up.' : `Users go back to ${view.from.version}.`;
  return {
    type: 'modal',
    callback_id: rejectModalId,
    private_metadata: refText({ id: view.id, stateVersion }),
    title: words('Reject', 24),
    submit: words('Reject', 24),
    close: words('Cancel', 24),
    blocks: [
      section(deploymentSentence(view)),
      textInput({ id: reasonBlock, label: 'Why?', optional: false, hint: back }),
    ],
  };
}
