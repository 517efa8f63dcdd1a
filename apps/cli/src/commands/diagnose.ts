// A bundle for a bug report. It works without a controller, with a damaged configuration, and with a locked state.

import { existsSync } from 'node:fs';
import { checkConfigFile, messageOf, openEngine, secretsOf, silentLog } from '@bg/engine';
import manifest from '../../package.json' with { type: 'json' };
import { type Bundle, defaultFolder, placeOfBundle, writeBundle } from '../diagnose/bundle.ts';
import { createRedact } from '../diagnose/redact.ts';
import { exitCodes } from '../exit.ts';
import { configFile, screenFor } from '../session.ts';
import type { Light } from '../show/light.ts';
import { plain } from '../show/plain.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

export const diagnose: readonly Command[] = [
  {
    usage: 'diagnose',
    placeless: true,
    summary:
      'write a folder for a bug report: versions, configuration, state, balancer, both slots, logs; without secrets',
    options: [['--out <folder>', 'a new folder (bg-diagnose-<time> in this one)']],
    examples: ['bg diagnose', 'bg diagnose --out /tmp/report', 'tar -czf report.tar.gz -C /tmp report'],
    run: async ({ world, options }) => {
      const screen = screenFor(world, options);
      const now = Date.now();
      const folder = placeOfBundle(options.out ?? defaultFolder(now));
      if (existsSync(folder)) throw usageError(`--out: ${folder} exists already; name a new folder.`);
      const file = configFile(world, options.config);
      const { settings, problems } = checkConfigFile({ file, environment: world.environment });
      const bundle = await writeBundle({
        folder,
        version: manifest.version,
        configFile: file,
        problems,
        settings,
        open: settings && (() => openEngine({ settings, log: silentLog, processName: `bg ${process.pid}` })),
        redact: createRedact(settings ? secretsOf(settings) : []),
        now,
      }).catch((thrown: unknown) => {
        throw usageError(`--out: ${folder} cannot be written: ${plain(messageOf(thrown))}`);
      });
      screen.answer(bundle, bundleLines);
      return exitCodes.done;
    },
  },
];

function bundleLines({ folder, files, missing }: Bundle, { paint }: Light): readonly string[] {
  return [
    `${paint.green('✓')} ${folder}: ${files.length} files`,
    ...missing.map(({ file, problem }) => `${paint.yellow('!')} without ${file}: ${problem}`),
    'Read it before you send it: secrets that the configuration knows, and what looks like one, were removed.',
  ];
}
