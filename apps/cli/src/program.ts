// From the table of commands to a commander program. Nothing is decided here.

import { Command as Program } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { audit } from './commands/audit.ts';
import { calendar } from './commands/calendar.ts';
import type { Command } from './commands/command.ts';
import { config } from './commands/config.ts';
import { deciding } from './commands/deciding.ts';
import { deploying } from './commands/deploying.ts';
import { diagnose } from './commands/diagnose.ts';
import { drilling } from './commands/drill.ts';
import { driving } from './commands/drive.ts';
import { holding } from './commands/holding.ts';
import { hook } from './commands/hook.ts';
import { inbox } from './commands/inbox.ts';
import { init } from './commands/init.ts';
import { judge } from './commands/judge.ts';
import { looking } from './commands/looking.ts';
import { lookingBack } from './commands/looking-back.ts';
import { migrating } from './commands/migrating.ts';
import { notify } from './commands/notify.ts';
import { queue } from './commands/queue.ts';
import { release } from './commands/release.ts';
import { report } from './commands/report.ts';
import { routing } from './commands/routing.ts';
import { scaling } from './commands/scaling.ts';
import { slots } from './commands/slots.ts';
import { state } from './commands/state.ts';
import { web } from './commands/web.ts';
import { type ExitCode, exitCodeHelp } from './exit.ts';
import { addSelf } from './self/commands.ts';
import type { Call, Options } from './session.ts';

export const commands: readonly Command[] = [
  ...init,
  ...deploying,
  ...deciding,
  ...looking,
  ...lookingBack,
  ...judge,
  ...report,
  ...holding,
  ...drilling,
  ...routing,
  ...calendar,
  ...queue,
  ...slots,
  ...scaling,
  ...migrating,
  ...release,
  ...hook,
  ...inbox,
  ...notify,
  ...audit,
  ...config,
  ...state,
  ...diagnose,
  ...driving,
  ...web,
];

const groupSummaries = {
  calendar: 'when deployments are refused',
  audit: 'the append-only log of every decision and change',
  config: 'the configuration file',
  hook: 'what CI sends, and what the configuration makes of it',
  inbox: 'what CI delivered, and what became of it',
  judge: 'how canaries are judged',
  notify: 'mail to people: how it looks, and whether it arrives',
  migrate: 'the schema of the service’s own database',
  release: 'the releases on this machine’s disk',
  routing: 'what to do when the routing differs from what was set',
  standby: 'what becomes of the previous version after a deployment',
  state: 'the file in which all this is remembered',
} as const;

const intro = `Blue-green deployments from the shell.

A place is service or service/target; with one service and one target none is needed.`;

/** `done` gets the exit code of the command that ran. @throws CommanderError for --help and for what is not understood */
export function buildProgram(world: Call['world'], done: (code: ExitCode) => void): Program {
  const program = new Program('bg').description(intro).version(manifest.version).exitOverride();
  program.configureHelp({ showGlobalOptions: true });
  program.configureOutput({
    writeOut: (text) => void world.out.write(text),
    writeErr: (text) => void world.err.write(text),
    outputError: () => {},
  });
  program
    .option('--config <file>', 'the configuration (BLUEGREEN_CONFIG, or ./bluegreen.yaml)')
    .option('--json', 'answer in JSON on stdout, one object per line')
    .option('--no-color', 'no colours (NO_COLOR works too)')
    .addHelpText('after', exitCodeHelp);
  const groups = new Map<string, Program>();
  for (const command of commands) addCommand(parentOf(command, program, groups), command, { world, done });
  addSelf(program, manifest.version, (text) => void world.out.write(text));
  return program;
}

function parentOf({ group }: Command, program: Program, groups: Map<string, Program>): Program {
  if (group === undefined) return program;
  const known = groups.get(group);
  if (known) return known;
  const made = program.command(group).description(groupSummaries[group]);
  groups.set(group, made);
  return made;
}

interface Wiring {
  readonly world: Call['world'];
  readonly done: (code: ExitCode) => void;
}

function addCommand(parent: Program, command: Command, { world, done }: Wiring): void {
  const built = parent.command(command.usage).description(command.summary).allowExcessArguments(false);
  for (const [flags, description] of command.options ?? []) built.option(flags, description);
  if (!command.placeless)
    built.option('--service <name>', 'the service').option('--target <name>', 'the target of the service');
  built.addHelpText('after', `\nExamples:\n${command.examples.map((example) => `  ${example}\n`).join('')}`);
  built.action(async () =>
    done(await command.run({ world, words: built.args, options: built.optsWithGlobals<Options>() })),
  );
}
