import { done, type Step } from '../step.ts';

export const expandSchema: Step<'expand-schema'> = {
  name: 'expand-schema',
  limitMs: 600_000,
  run: async ({ target, release, signal, deployment }) => {
    await target.migrator.expand(release.folder, signal);
    const names = deployment.plan?.schema ?? [];
    return done(names.length === 0 ? 'the schema needs no change' : `widened the schema: ${names.join(', ')}`);
  },
  undo: 'nothing-to-undo', // an expanded schema serves both releases
};
