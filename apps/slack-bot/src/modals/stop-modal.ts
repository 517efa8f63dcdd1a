// An author who stops a canary says why.

import type { DeploymentView } from '@bg/engine';
import { section } from '../cards/blocks.ts';
import { refText } from '../cards/button-value.ts';
import { deploymentSentence } from '../cards/deployment-card.ts';
import { type Modal, textInput, words } from './inputs.ts';
import { reasonBlock } from './reject-modal.ts';

export const stopModalId = 'stop-modal';

export function stopModal(view: DeploymentView, stateVersion: number): Modal {
  return {
    type: 'modal',
    callback_id: stopModalId,
    private_metadata: refText({ id: view.id, stateVersion }),
    title: words('Stop the canary', 24),
    submit: words('Stop', 24),
    close: words('Cancel', 24),
    blocks: [
      section(deploymentSentence(view)),
      textInput({
        id: reasonBlock,
        label: 'What have you seen?',
        optional: false,
        hint: `It is paused with ${view.percent} % of the users on ${view.version}.`,
      }),
    ],
  };
}
