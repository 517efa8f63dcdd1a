// The first step of a deployment: widens the schema, so that both sides work on it. The step has no short limit: each
// lock and each statement has one, and building an index may take hours.

import type { MigrationEvent } from '../../../migrator/phases/context.ts';
import { advanceDeployment } from '../../../state/deployments.ts';
import { lookAtSchema } from '../../schema/observe.ts';
import { eventSentence } from '../../schema/words.ts';
import { done, type Named, noActions, type Step, type StepFrame } from '../step.ts';

export const expandSchema: Step<Named<'expand-schema'>> = {
  name: 'expand-schema',
  title: () => 'widen the database schema',
  moves: 'none',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 24 * 3_600_000,
  run: async (context) => {
    const { core, target, release, signal } = context;
    const say = (event: MigrationEvent): void => tell(context, event);
    const ids = await target.migrator.run(release.folder, { kind: 'expand' }, { signal, say });
    if (ids.length > 0) await lookAtSchema(core, target);
    return done(ids.length === 0 ? 'the schema needs no change' : `widened the schema: ${ids.join(', ')}`);
  },
  undo: 'nothing-to-undo', // an expanded schema serves both releases
};

function tell({ core, lease, target, deployment }: StepFrame, event: MigrationEvent): void {
  const sentence = eventSentence(event);
  if (sentence === undefined) return;
  core.store.under(lease).write((tx) => {
    advanceDeployment(tx, deployment.id, {});
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: event.kind === 'warning' ? 'schema-warning' : 'schema-changed',
      deploymentId: deployment.id,
      sentence,
      detail: { event },
    });
  });
}
