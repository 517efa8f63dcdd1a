// The engine's own state, when its file is lost or cannot be read.

import { type Backup, backupState, type Discovered, loadSettings, openEngine, setAsideCorruptState } from '@bg/engine';
import { actorOf, operatingSystemUser } from '../actor.ts';
import { exitCodes } from '../exit.ts';
import { answered, refused } from '../refused.ts';
import { configFile, logFor, screenFor } from '../session.ts';
import type { Light } from '../show/light.ts';
import { archive } from './archive.ts';
import type { Command } from './command.ts';

export const state: readonly Command[] = [
  {
    group: 'state',
    usage: 'backup <file>',
    placeless: true,
    summary: 'copy the state into a new file while others work on it, and prove the copy',
    examples: ['bg state backup /mnt/backup/bluegreen-2026-11-29.sqlite', 'bg state backup copy.sqlite --json'],
    run: async ({ world, words: [file = ''], options }) => {
      const screen = screenFor(world, options);
      const settings = loadSettings({ file: configFile(world, options.config), environment: world.environment });
      const made = await backupState(settings.stateFolder, file);
      screen.answer(made, (_, light) => backupLines(made, light));
      return exitCodes.done;
    },
  },
  archive,
  {
    group: 'state',
    usage: 'rebuild',
    placeless: true,
    summary: 'move an unreadable state file aside, and learn what runs from the load balancers and the services',
    examples: ['bg state rebuild', 'bg state rebuild --json'],
    run: async ({ world, options }) => {
      const screen = screenFor(world, options);
      const settings = loadSettings({ file: configFile(world, options.config), environment: world.environment });
      const actor = actorOf(settings, operatingSystemUser(world.environment.SUDO_USER));
      // Before there is a state that could say so.
      if (actor.kind === 'stranger') return refused(screen, notInTeam(actor.name));
      const kept = setAsideCorruptState(settings.stateFolder, Date.now());
      if (kept !== undefined) screen.aside(`The state could not be read; it was renamed to ${kept}.`);
      const engine = openEngine({ settings, log: logFor(world, screen), processName: `bg ${process.pid}` });
      try {
        const result = await engine.rebuildState(actor);
        const code = answered(screen, result, discoveredLines);
        return result.ok && result.value.some(({ kind }) => kind === 'unknown') ? exitCodes.halted : code;
      } finally {
        engine.close();
      }
    },
  },
];

const notInTeam = (name: string) =>
  ({
    code: 'not-in-team',
    sentence: `${name} is not in the list of people of this configuration`,
    hint: 'Ask a release manager to add you to `people`.',
  }) as const;

function backupLines({ file, bytes, auditRows, auditHead }: Backup, { paint }: Light): readonly string[] {
  const head = auditHead === undefined ? '' : `, head ${auditRows}:${auditHead}`;
  return [
    `${paint.green('✓')} ${file}: ${Math.ceil(bytes / 1024)} KB, ${auditRows} rows of the audit log, intact${head}`,
    'It holds the token of the preview: keep it where no other account reads it. docs/backup.md says how to put it back.',
  ];
}

function discoveredLines(learnt: readonly Discovered[], { paint }: Light): readonly string[] {
  const signs = { learnt: paint.green('✓'), unknown: paint.red('?'), nothing: paint.dim('–') };
  return learnt.map(({ name, kind, sentence }) => `${signs[kind]} ${name}: ${sentence}`);
}
