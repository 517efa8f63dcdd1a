// Two steps that no plan has, each whole in its own lines.

import { action, done, type Named, noActions, type Step } from '../../step.ts';
import { keepWatch, promoteFor } from '../watching.ts';

/** What they did, in order. */
export const story: string[] = [];

interface WarmCaches extends Named<'warm-caches'> {
  readonly pages: number;
}

export const warmCaches: Step<WarmCaches> = {
  name: 'warm-caches',
  title: ({ pages }, version) => `ask ${version} for ${pages} pages`,
  moves: 'none',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 10_000,
  run: async ({ step, deployment }) => {
    story.push(`asks ${deployment.version} for ${step.pages} pages`);
    return done(`${step.pages} pages are warm`);
  },
  undo: async ({ deployment }) => {
    story.push(`forgets ${deployment.version}`);
    return done('the pages are forgotten');
  },
};

export const ring: Step<Named<'ring'>> = {
  name: 'ring',
  title: () => 'ring until a person comes',
  moves: 'none',
  waitsFor: 'people',
  isStartingSide: false,
  actions: ({ row }) => [action('promote', `Stops the bell and goes on with ${row.version}.`)],
  promote: 'cut-short',
  limitMs: 'waits',
  run: (context) =>
    keepWatch(context, { judged: false, sinceMs: context.sharedSince, decide: () => promoteFor(context) }),
  undo: 'nothing-to-undo',
};
