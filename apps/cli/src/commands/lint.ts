// The rules for migrations, on a folder: no configuration, no server, as CI needs it.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  databaseNames,
  entryOf,
  githubReport,
  isStopping,
  jsonReport,
  type LintReport,
  lintRelease,
  loadSettings,
  type Narrowing,
  narrow,
  readBaseline,
  sarifReport,
  textReport,
  unknownRule,
  writeBaseline,
} from '@bg/engine';
import { type ExitCode, exitCodes } from '../exit.ts';
import { type Call, configFile, screenFor } from '../session.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

const formats: Readonly<Record<string, (report: LintReport) => string>> = {
  text: textReport,
  json: jsonReport,
  sarif: sarifReport,
  github: githubReport,
};

export const lint: Command = {
  group: 'migrate',
  usage: 'lint [folder]',
  placeless: true,
  summary: 'find hazards in a folder of migrations, without a server; 1 when one would stop a deployment',
  options: [
    ['--driver <name>', `which database: ${databaseNames.join(', ')} (from the configuration where there is one)`],
    ['--format <name>', `${Object.keys(formats).join(', ')} (text)`],
    ['--since <number>', 'show only what is found from this migration on'],
    ['--rule <names>', 'show only these rules, separated by commas'],
    ['--baseline <file>', 'do not show what the file lists'],
    ['--write-baseline <file>', 'list what is found now in the file, for --baseline; 0 then'],
  ],
  examples: [
    'bg migrate lint releases/shop/v2.1/migrations --driver postgres',
    'bg migrate lint db/migrations --driver sqlite --format sarif > lint.sarif',
  ],
  run: async ({ world, words: [folder = 'migrations'], options }: Call): Promise<ExitCode> => {
    const format = options.format ?? (options.json ? 'json' : 'text');
    const render = entryOf(formats, format);
    if (!render) throw usageError(`"${format}" is no format: ${Object.keys(formats).join(', ')}.`);
    const driver = driverOf(world, options);
    const narrowing = narrowingOf(options, driver);
    const ledger = configuredLedger(world, options.config);
    const all = await lintRelease(sqlFolder(folder), driver, { shownAs: sqlFolder(folder), ledger });
    if (options.writeBaseline !== undefined) {
      const listed = writeBaseline(options.writeBaseline, all);
      if (typeof listed === 'string') throw usageError(`${options.writeBaseline} cannot be written: ${listed}.`);
      await screenFor(world, options).write(`${options.writeBaseline} lists ${listed} findings\n`);
      return exitCodes.done;
    }
    const report = narrow(all, narrowing);
    await screenFor(world, options).write(render(report));
    return report.findings.some((finding) => isStopping(finding) || isOpenReview(finding))
      ? exitCodes.failed
      : exitCodes.done;
  },
};

function narrowingOf({ since, rule, baseline }: Call['options'], driver: string): Narrowing {
  if (since !== undefined && !/^\d+(_.*)?$/.test(since))
    throw usageError(`--since expects a number or an id such as 003_full_name, got "${since}".`);
  const known = baseline === undefined ? undefined : readBaseline(baseline);
  if (typeof known === 'string') throw usageError(`${baseline} cannot be used as --baseline: ${known}.`);
  const rules = rule?.split(',').map((each) => each.trim());
  const unknown = unknownRule(rules ?? [], driver);
  if (unknown) throw usageError(`"${unknown.name}" is no rule for ${driver}.`, `--rule ${unknown.nearest}`);
  return { since, rules, known };
}

const isOpenReview = ({ severity, accepted }: LintReport['findings'][number]): boolean =>
  severity === 'review' && accepted === undefined;

/** A release's own folder may be named as well. */
function sqlFolder(folder: string): string {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (thrown) {
    throw usageError(`${folder} cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'no reason given'}).`);
  }
  return !names.some((name) => name.endsWith('.sql')) && names.includes('migrations')
    ? join(folder, 'migrations')
    : folder;
}

function driverOf(world: Call['world'], { driver, config }: Call['options']): string {
  if (driver !== undefined) {
    const known = databaseNames.find((each) => each === driver);
    if (!known) throw usageError(`"${driver}" is no database: ${databaseNames.join(', ')}.`);
    return known;
  }
  const configured = configuredDrivers(world, config);
  const [only, ...others] = configured;
  if (only !== undefined && others.length === 0) return only;
  throw usageError(`Say which database it is for: --driver ${databaseNames.join(', --driver ')}.`);
}

function configuredDrivers(world: Call['world'], config: string | undefined): readonly string[] {
  return [...new Set(configuredDatabases(world, config).map(({ driver }) => driver))];
}

/** Undefined where none is configured, or several. */
function configuredLedger(world: Call['world'], config: string | undefined): string | undefined {
  const [only, ...others] = new Set(configuredDatabases(world, config).map(({ table }) => table));
  return others.length === 0 ? only : undefined;
}

function configuredDatabases(world: Call['world'], config: string | undefined) {
  try {
    const { targets } = loadSettings({ file: configFile(world, config), environment: world.environment });
    return targets.flatMap(({ database }) => database ?? []);
  } catch {
    return []; // none here, or not a sound one: then it must be said
  }
}
