// Names that messages in channels and rows of the outbox hold. A card that an earlier version drew still has its buttons, so
// that a name here may be added and never changed.

import { expect, test } from 'vitest';
import { deployBuild } from '../cards/build-card.ts';
import { readBuildRef, readDeliveryRef, readRef, readSideRef } from '../cards/button-value.ts';
import { actionButtons } from '../cards/buttons.ts';
import { configurationActions } from '../cards/configuration-card.ts';
import { contractActions } from '../cards/contract-card.ts';
import { retryDelivery } from '../cards/delivery-card.ts';
import { driftActions } from '../cards/drift-card.ts';
import { unlockAction } from '../cards/lock-card.ts';
import { isSignal } from '../commands/signals.ts';
import { deployModalId, targetActionId } from '../modals/deploy-modal.ts';
import { rejectModalId } from '../modals/reject-modal.ts';
import { cardKey, isDirect, isUpdatedInPlace } from '../outbox/messages.ts';

test('the buttons of earlier cards are still known by their action', () => {
  for (const name of ['approve', 'promote', 'promote-full', 'pause', 'resume', 'abort', 'extend', 'reject'])
    expect(isSignal(name), name).toBe(true);
  expect([...driftActions, ...contractActions, ...configurationActions]).toEqual([
    ...['restore-routing', 'adopt-routing'],
    ...['approve-contract', 'reject-contract'],
    ...['apply-configuration', 'leave-configuration'],
  ]);
  expect([deployBuild, retryDelivery, unlockAction]).toEqual(['deploy-build', 'retry-delivery', 'unlock']);
  expect([deployModalId, targetActionId, rejectModalId]).toEqual([
    'deploy-modal',
    'deploy-modal.target',
    'reject-modal',
  ]);
  const subject = { id: 'd_1', stateVersion: 7, service: 'shop', target: 'production' };
  const drawn = actionButtons(subject, [
    { name: 'approve', effect: '', danger: false },
    { name: 'stop-standby', effect: '', danger: true },
  ]);
  expect(drawn).toMatchObject([
    { action_id: 'deploy.approve', value: 'd_1:7' },
    { action_id: 'deploy.stop-standby', value: 'shop/production:d_1' },
  ]);
});

test('the values of their buttons are still read', () => {
  expect(readRef('d_1:7')).toEqual({ id: 'd_1', stateVersion: 7 });
  expect(readSideRef('shop/production:d_1')).toMatchObject({ service: 'shop', deploymentId: 'd_1' });
  expect(readBuildRef('shop/production:12:v2.1:-')).toMatchObject({ build: 12, version: 'v2.1', last: undefined });
  expect(readDeliveryRef('3:1700000000000')).toEqual({ id: 3, settledAt: 1_700_000_000_000 });
});

test('the rows of the outbox keep their keys and kinds', () => {
  expect(cardKey('d_1')).toBe('card:d_1');
  for (const kind of ['card', 'drift', 'contract', 'build', 'delivery', 'configuration', 'stranded'])
    expect(isUpdatedInPlace(kind), kind).toBe(true);
  for (const kind of ['direct', 'build-direct', 'stranded', 'lock-taken']) expect(isDirect(kind), kind).toBe(true);
});
