// The configuration from its file: settings, or every problem in one error.

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import { isMissing } from '../lib/files.ts';
import { type Decoded, decodeText } from '../lib/text-file.ts';
import { type ConfigCheck, checkConfig } from './check.ts';
import type { Drivers } from './drivers.ts';
import { formatProblem } from './kit/problems.ts';
import { fileProblem, maxFileBytes, tooLarge } from './reading/document.ts';
import type { Settings } from './settings.ts';

interface ConfigSource {
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly drivers: Drivers;
}

/** @throws BlueGreenError `config-invalid`: one line per problem; `details.problems` holds them as values. */
export function loadSettings(source: ConfigSource): Settings {
  const { settings, problems } = checkConfigFile(source);
  if (settings) return settings;
  const file = resolve(source.file);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const title =
    errors.length === 1 ? 'The configuration has a problem:' : `The configuration has ${errors.length} problems:`;
  throw new BlueGreenError(
    'config-invalid',
    [title, ...problems.map((problem) => formatProblem(file, problem))].join('\n'),
    { problems },
  );
}

/** Like `checkConfig`, and also says what is wrong with the file itself. Never throws. */
export function checkConfigFile({ file, environment, drivers }: ConfigSource): ConfigCheck {
  const { text, fault } = readText(file);
  return text === undefined
    ? { settings: undefined, problems: [fileProblem(fault)] }
    : checkConfig({ file, text, environment, drivers });
}

function readText(file: string): Decoded {
  try {
    const found = statSync(file);
    if (found.isDirectory()) return { fault: 'is a folder; expected the configuration file' };
    if (!found.isFile()) return { fault: 'is not a regular file' };
    if (found.size > maxFileBytes) return { fault: tooLarge(found.size) };
    return decodeText(readFileSync(file));
  } catch (thrown) {
    if (isMissing(thrown)) return { fault: 'there is no such file; copy bluegreen.example.yaml and adapt it' };
    return { fault: `cannot be read: ${messageOf(thrown)}` };
  }
}
