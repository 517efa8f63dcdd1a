// Every command and every form of it, as data: the parser, the help card and the app manifest all read this table.

import {
  cancelForm,
  contractForm,
  deployForm,
  type Form,
  helpForm,
  lockForm,
  rollbackForm,
  signalForm,
  suspendForm,
  switchForm,
  targetForm,
} from './forms.ts';

export type CommandKey = 'deploy' | 'switch' | 'rollback' | 'status';

export interface Subcommand {
  /** The first word after the command; empty for the form without one. */
  readonly word: string;
  /** What follows the word, e.g. `[service[/target]]`. */
  readonly usage: string;
  readonly does: string;
  readonly form: Form;
}

export interface Command {
  readonly key: CommandKey;
  /** For the app manifest. */
  readonly description: string;
  readonly hint: string;
  readonly subcommands: readonly Subcommand[];
}

const target = '[service[/target]]';

const deploy: readonly Subcommand[] = [
  {
    word: '',
    usage: `${target} [version] [--hold] [--redeploy] [--override-freeze] [--first] [--canary 5:1m,20:5m] [--reason "…"] [at 22:00 [zone]]`,
    does: 'deploys a version; without one it asks in a form',
    form: deployForm('deploy'),
  },
  {
    word: 'plan',
    usage: `${target} version`,
    does: 'shows what would happen and changes nothing',
    form: deployForm('plan'),
  },
  { word: 'status', usage: target, does: 'shows what runs where', form: targetForm('status') },
  { word: 'queue', usage: target, does: 'lists what waits', form: targetForm('queue') },
  { word: 'cancel', usage: 'request [reason]', does: 'takes a deployment that waits out', form: cancelForm },
  { word: 'history', usage: target, does: 'lists the last deployments', form: targetForm('history') },
  { word: 'approve', usage: target, does: 'approves what waits for approval', form: signalForm('approve') },
  {
    word: 'break-glass',
    usage: `${target} "reason"`,
    does: 'approves alone in an emergency, and pages everybody',
    form: signalForm('break-glass'),
  },
  {
    word: 'reject',
    usage: `${target} "reason"`,
    does: 'refuses it; users go back to the old side',
    form: signalForm('reject'),
  },
  {
    word: 'promote',
    usage: `${target} [--full]`,
    does: 'goes on to the next step; --full goes to all users',
    form: signalForm('promote'),
  },
  { word: 'pause', usage: target, does: 'stays where it is', form: signalForm('pause') },
  { word: 'resume', usage: target, does: 'goes on after a pause', form: signalForm('resume') },
  {
    word: 'abort',
    usage: `${target} ["reason"]`,
    does: 'ends the deployment; users go back to the old side',
    form: signalForm('abort'),
  },
  { word: 'extend', usage: target, does: 'gives a waiting approval 30 more minutes', form: signalForm('extend') },
  {
    word: 'continue',
    usage: `${target} "reason"`,
    does: 'goes on although a freeze holds it',
    form: signalForm('continue'),
  },
  {
    word: 'contract',
    usage: `${target} [--reason "…"]`,
    does: 'drops columns and tables that only older releases need; needs approval',
    form: contractForm,
  },
  { word: 'lock', usage: `${target} "reason" [for 2h]`, does: 'blocks deployments for a while', form: lockForm },
  { word: 'unlock', usage: target, does: 'removes the lock', form: targetForm('unlock') },
  {
    word: 'suspend',
    usage: `${target} "reason"`,
    does: 'machines deploy nothing until the automation is resumed',
    form: suspendForm,
  },
  { word: 'unsuspend', usage: target, does: 'resumes the automation', form: targetForm('unsuspend') },
  { word: 'help', usage: '', does: 'shows this', form: helpForm },
];

export const commandTable: readonly Command[] = [
  {
    key: 'deploy',
    description: 'Deploy a version, or steer the deployment that runs',
    hint: '[service[/target]] v2.1 | plan | status | approve | abort | help',
    subcommands: deploy,
  },
  {
    key: 'switch',
    description: 'Send all users to what is ready in the other slot',
    hint: '[service[/target]] [blue|green]',
    subcommands: [
      {
        word: '',
        usage: `${target} [blue|green] [--reason "…"]`,
        does: 'promotes the held preview or the standby; a named side that serves already is left',
        form: switchForm,
      },
    ],
  },
  {
    key: 'rollback',
    description: 'Go back to the version before, or to a named one',
    hint: '[service[/target]] [v2.0] [--reason "…"]',
    subcommands: [
      {
        word: '',
        usage: `${target} [version] [--reason "…"]`,
        does: 'goes back; nothing can lock it out',
        form: rollbackForm,
      },
    ],
  },
  {
    key: 'status',
    description: 'Show what runs where',
    hint: '[service[/target]]',
    subcommands: [{ word: '', usage: target, does: 'shows what runs where', form: targetForm('status') }],
  },
];

export function commandOf(key: CommandKey): Command {
  const found = commandTable.find((command) => command.key === key);
  if (found === undefined) throw new Error(`no command ${key}`);
  return found;
}
