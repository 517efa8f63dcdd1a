// Mail before it is needed: what each would look like, and whether one arrives.

import { loadSettings, previewMails, sendTestMail } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { configFile, screenFor } from '../session.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

export const notify: readonly Command[] = [
  {
    group: 'notify',
    usage: 'preview [fact]',
    placeless: true,
    summary: 'show the mail about each fact as it would be written, with samples',
    options: [['--html', 'the HTML part in the place of the plain text']],
    examples: ['bg notify preview', 'bg notify preview rolled-back', 'bg notify preview live --html > live.html'],
    run: async ({ world, words: [fact], options }) => {
      const all = previewMails(
        loadSettings({ file: configFile(world, options.config), environment: world.environment }),
      );
      const names = all.map(({ drawing }) => drawing);
      const chosen = fact === undefined ? all : all.filter(({ drawing }) => drawing === fact);
      if (chosen.length === 0) throw usageError(`"${fact}" is no event that mail reports: ${names.join(', ')}.`);
      screenFor(world, options).answer(chosen, (mails, { paint }) =>
        mails.flatMap(({ drawing, subject, text, html }) =>
          options.html === true
            ? html.trimEnd().split('\n')
            : [paint.bold(`── ${drawing}`), `Subject: ${subject}`, '', ...text.trimEnd().split('\n'), ''],
        ),
      );
      return exitCodes.done;
    },
  },
  {
    group: 'notify',
    usage: 'test',
    placeless: true,
    summary: 'send one mail to a person by the configured mail server, and wait for its answer; 1 when it is not taken',
    options: [['--to <person>', 'id of a person in the configuration']],
    examples: ['bg notify test --to alice'],
    run: async ({ world, options }) => {
      if (options.to === undefined) throw usageError('The person is missing.', 'bg notify test --to <person>');
      const settings = loadSettings({ file: configFile(world, options.config), environment: world.environment });
      const sent = await sendTestMail(settings, options.to, world.stop);
      screenFor(world, options).answer(sent, ({ address, problem }, { paint }) => [
        problem === undefined
          ? `${paint.green('✓')} the mail server has taken it for ${address}`
          : `${paint.red('✗')} it was not taken for ${address}: ${problem}`,
      ]);
      return sent.problem === undefined ? exitCodes.done : exitCodes.failed;
    },
  },
];
