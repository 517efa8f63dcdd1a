// Prints the Slack app's manifest as JSON, to be pasted at https://api.slack.com/apps ("From a manifest").
//   npm run -s manifest -- --url https://deploy.example.com [--config bluegreen.yaml]
//   npm run -s manifest -- --socket [--config bluegreen.yaml]

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkConfigFile, withSecretFiles } from '@bg/engine';
import { buildManifest } from './manifest.ts';

const usage = 'Usage: manifest --url https://deploy.example.com | --socket [--config bluegreen.yaml]';

try {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, socket: { type: 'boolean' }, config: { type: 'string' } },
  });
  const words = values.config === undefined ? {} : { words: wordsOf(resolve(values.config)) };
  console.log(
    JSON.stringify(buildManifest({ url: values.url, socketMode: values.socket ?? false, ...words }), null, 2),
  );
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : String(thrown));
  console.error(usage);
  process.exitCode = 2;
}

/** The commands as `slack.prefix` and `slack.commands` name them; the bot listens to the same. */
function wordsOf(file: string): { deploy: string; switch: string; rollback: string; status: string } {
  const { settings, problems } = checkConfigFile({ file, environment: withSecretFiles(process.env) });
  if (settings) return settings.slack.commands;
  const wrong = problems.filter(({ severity }) => severity === 'error');
  throw new Error(`${file}:\n${wrong.map(({ path, message }) => `  ${path}: ${message}`).join('\n')}`);
}
