// Continue, although a freeze holds the deployment: it asks for the reason, bound to the state of the card that it was opened from.

import type { DeploymentView } from '@bg/engine';
import { section } from '../cards/blocks.ts';
import { refText } from '../cards/button-value.ts';
import { deploymentSentence } from '../cards/deployment-card.ts';
import { plain } from '../cards/text.ts';
import { type Modal, textInput, words } from './inputs.ts';
import { reasonBlock } from './reject-modal.ts';

export const continueModalId = 'continue-modal';

export function continueModal(view: DeploymentView, stateVersion: number): Modal {
  const held = view.frozen === undefined ? 'No freeze holds it now.' : `It is held: ${view.frozen.sentence}.`;
  return {
    type: 'modal',
    callback_id: continueModalId,
    private_metadata: refText({ id: view.id, stateVersion }),
    title: words('Continue', 24),
    submit: words('Continue', 24),
    close: words('Cancel', 24),
    blocks: [
      section(deploymentSentence(view)),
      textInput({ id: reasonBlock, label: 'Why in spite of the freeze?', optional: false, hint: plain(held, 150) }),
    ],
  };
}
