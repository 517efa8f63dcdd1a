// A deployment with an approval that one person has given, as the tables and the audit log have it.

import { addApproval, addDeployment, addVote } from '../deployments.ts';
import { shop, type TestState } from './state.ts';

/** Under way, with the vote of bob in one row of the log. */
export function approvedDeployment({ store }: Pick<TestState, 'store'>, deploymentId: string): void {
  store.write((tx) => {
    addDeployment(tx, {
      id: deploymentId,
      ...shop,
      version: 'v1',
      mode: 'deploy',
      slot: 'blue',
      hold: false,
      requestedBy: 'person:alice',
      requestedAt: tx.now,
      position: 0,
      direction: 'forward',
      phase: 'fetching',
      stateVersion: 1,
    });
    addApproval(tx, {
      id: 'a_1',
      deploymentId,
      position: 0,
      planHash: 'h',
      needed: 1,
      askedAt: 1,
      deadlineAt: 2,
      onTimeout: 'abort',
      status: 'pending',
    });
    addVote(tx, 'a_1', 'person:bob');
    tx.audit({ actor: 'person:bob', action: 'approved', deploymentId, sentence: 'bob approves v1', detail: {} });
  });
}
