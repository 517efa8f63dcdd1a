// The configuration, checked before anything runs on it, and held against what runs.

import {
  accountNote,
  checkConfigFile,
  configurationAgainstRunning,
  formatProblem,
  mailProblem,
  messageOf,
  type PendingChange,
  type Settings,
} from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { readPlace } from '../place.ts';
import { answered } from '../refused.ts';
import { configFile, onEngine, screenFor } from '../session.ts';
import { targetLines } from '../show/status.ts';
import type { Command } from './command.ts';

export const config: readonly Command[] = [
  {
    group: 'config',
    usage: 'check [file]',
    placeless: true,
    summary: 'find every problem of the configuration at once, and what it changes for what runs; 5 when there is one',
    examples: ['bg config check', 'bg config check /etc/bluegreen/bluegreen.yaml --json'],
    run: async ({ world, words: [word], options }) => {
      const file = configFile(world, word ?? options.config);
      const { settings, problems: found } = checkConfigFile({ file, environment: world.environment });
      const ofMail = settings && mailProblem(settings);
      const problems = ofMail === undefined ? found : [...found, ofMail];
      const errors = problems.filter(({ severity }) => severity === 'error').length;
      const { pending, unseen } = against(settings);
      const note = settings && accountNote(settings, process.getuid?.() === 0);
      screenFor(world, options).answer(
        { file, valid: errors === 0, problems, pending, accounts: note },
        (_checked, { paint }) => [
          ...problems.map((problem) => formatProblem(file, problem)),
          ...pending.map(({ sentence }) => `${paint.yellow('!')} ${sentence}`),
          ...(unseen === undefined ? [] : [`${paint.yellow('!')} what runs could not be looked at: ${unseen}`]),
          ...(note === undefined ? [] : [`${paint.dim('·')} ${note}`]),
          errors === 0
            ? `${paint.green('✓')} ${file} is valid`
            : `${paint.red('✗')} ${errors === 1 ? 'one problem' : `${errors} problems`} in ${file}`,
        ],
      );
      return errors === 0 ? exitCodes.done : exitCodes.configInvalid;
    },
  },
  {
    group: 'config',
    usage: 'apply [place]',
    summary: 'let a changed health rule hold for what runs now, instead of from its next start',
    examples: ['bg config apply', 'bg config apply shop/staging'],
    run: onEngine(async ({ engine, actor, screen }, [place], options) =>
      answered(screen, await engine.applyConfiguration({ ...readPlace(place, options), actor }), targetLines),
    ),
  },
];

interface Against {
  readonly pending: readonly PendingChange[];
  /** Why the state folder could not be read, on a machine where another user runs the engine. */
  readonly unseen: string | undefined;
}

function against(settings: Settings | undefined): Against {
  try {
    return { pending: settings ? configurationAgainstRunning(settings) : [], unseen: undefined };
  } catch (thrown) {
    return { pending: [], unseen: messageOf(thrown) };
  }
}
