// An answer where there is no channel to put it into: on the Home tab.

import type { Card } from '../cards/blocks.ts';
import { withoutCharts } from '../cards/chart-block.ts';
import { type Modal, words } from './inputs.ts';

export function noticeModal(card: Card): Modal {
  return {
    type: 'modal',
    callback_id: 'notice-modal',
    private_metadata: '',
    title: words('Blue-Green Deploys', 24),
    close: words('Close', 24),
    blocks: withoutCharts(card).blocks,
  };
}
