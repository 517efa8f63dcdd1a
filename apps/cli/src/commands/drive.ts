// Driving in the foreground: one more process that competes for the lease, without Slack and without HTTP.

import type { Refusal } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { announceContracts } from '../follow/announce-contracts.ts';
import { refused } from '../refused.ts';

import { onEngine } from '../session.ts';
import type { Command } from './command.ts';

export const driving: readonly Command[] = [
  {
    usage: 'drive',
    placeless: true,
    summary: 'drive deployments in the foreground until Ctrl-C, in competition with the other processes',
    examples: ['bg drive'],
    run: onEngine(async ({ engine, actor, screen, stop, reader }) => {
      if (actor.kind === 'stranger') {
        const refusal = mayOnlyLook(actor.name);
        engine.recordRejection(actor, refusal);
        return refused(screen, refusal);
      }
      // Whatever becomes of its words.
      reader.isOutlived = true;
      screen.aside('Drives deployments as soon as no other process does. Ctrl-C ends it; what serves users goes on.');
      await Promise.all([engine.drive(stop), announceContracts({ engine, screen, stop })]);
      screen.aside('Stopped driving.');
      return exitCodes.done;
    }),
  },
];

function mayOnlyLook(name: string): Refusal {
  return {
    code: 'not-in-team',
    sentence: `${name} is not in the configured list of people and may look only.`,
    hint: 'Add the name as osUser of a person in the configuration.',
  };
}
