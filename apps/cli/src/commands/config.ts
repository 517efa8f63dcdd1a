// The configuration, checked before anything runs on it.

import { checkConfigFile, formatProblem, mailProblem } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { configFile, screenFor } from '../session.ts';
import type { Command } from './command.ts';

export const config: readonly Command[] = [
  {
    group: 'config',
    usage: 'check [file]',
    placeless: true,
    summary: 'find every problem of the configuration at once; 5 when there is one',
    examples: ['bg config check', 'bg config check /etc/bluegreen/bluegreen.yaml --json'],
    run: async ({ world, words: [word], options }) => {
      const file = configFile(world, word ?? options.config);
      const { settings, problems: found } = checkConfigFile({ file, environment: world.environment });
      const ofMail = settings && mailProblem(settings);
      const problems = ofMail === undefined ? found : [...found, ofMail];
      const errors = problems.filter(({ severity }) => severity === 'error').length;
      screenFor(world, options).answer({ file, valid: errors === 0, problems }, (_checked, { paint }) => [
        ...problems.map((problem) => formatProblem(file, problem)),
        errors === 0
          ? `${paint.green('✓')} ${file} is valid`
          : `${paint.red('✗')} ${errors === 1 ? 'one problem' : `${errors} problems`} in ${file}`,
      ]);
      return errors === 0 ? exitCodes.done : exitCodes.configInvalid;
    },
  },
];
