// Sends a share of the users to the new side; no user who is there already leaves when it grows.

import { readRouting } from '../../../state/targets.ts';
import { changeRouting, routingIs } from '../../routing/routing.ts';
import { except, type SilentNode } from '../../routing/silent-nodes.ts';
import { fitsSchema } from '../../schema/observe.ts';
import { done, failed, type Named, noActions, type Step } from '../step.ts';

interface Shift extends Named<'shift-traffic'> {
  readonly percent: number;
}

export const shiftTraffic: Step<Shift> = {
  name: 'shift-traffic',
  title: ({ percent }, version) => `send ${percent} % of users to ${version}`,
  moves: 'share',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 60_000,
  run: async ({ core, target, deployment, release, lease, step }) => {
    const { active, preview } = readRouting(core.store.db, target.key).intent;
    if (active === undefined) return failed('no-active-side', 'there is no active side to share users with');
    const desired = { active, preview, canary: { slot: deployment.slot, percent: step.percent } };
    if (routingIs({ core, target }, desired)) return done(`${step.percent} % of users get ${deployment.version}`);
    const schema = await fitsSchema(core, target, release.folder);
    if (schema.verdict === 'incompatible')
      return failed(
        'schema-incompatible',
        `${deployment.version} cannot run on the present schema: ${schema.evidence}`,
      );
    await changeRouting(
      { core, target, lease },
      {
        desired,
        event: {
          actor: 'engine',
          deploymentId: deployment.id,
          sentence: `${step.percent} % of users to ${deployment.version}`,
        },
      },
    );
    return done(`${step.percent} % of users get ${deployment.version}`);
  },
  undo: async ({ core, target, deployment, lease }) => {
    const { active, preview } = readRouting(core.store.db, target.key).intent;
    const desired = { active, preview, canary: undefined };
    let silent: readonly SilentNode[] = [];
    if (!routingIs({ core, target }, desired))
      silent = await changeRouting(
        { core, target, lease },
        {
          desired,
          direction: 'back',
          isUndo: true,
          event: {
            actor: 'engine',
            deploymentId: deployment.id,
            sentence: `all users back to ${deployment.fromVersion ?? 'the active side'}`,
          },
        },
      );
    return done(`all users get ${deployment.fromVersion ?? 'the active side'} again${except(silent)}`);
  },
};
