// `slack-bot check [--json]`: does Slack let the bot do what the configuration asks for? Exit codes: 0 all is well, 1 something
// is not, 2 arguments that are not understood.

import { resolve } from 'node:path';
import { loadSettings, silentLog, withSecretFiles } from '@bg/engine';
import { webClientFor } from './bot.ts';
import { checkSlack, findingLines } from './slack/check.ts';
import { readEnvironment } from './slack/environment.ts';

/** @returns the exit code */
export async function checkMain(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--json');
  if (unknown !== undefined) {
    console.error(`Unknown argument ${JSON.stringify(unknown)}. Usage: slack-bot check [--json]`);
    return 2;
  }
  const variables = withSecretFiles(process.env);
  const read = readEnvironment(variables);
  if (!read.ok) {
    console.error(`The check cannot start:\n${read.problems.map((problem) => `  - ${problem}`).join('\n')}`);
    return 1;
  }
  const { environment } = read;
  const settings = loadSettings({ file: resolve(environment.configFile), environment: variables });
  const { appToken } = environment;
  const findings = await checkSlack({
    client: webClientFor(environment, silentLog),
    socketClient: appToken === undefined ? undefined : webClientFor({ ...environment, token: appToken }, silentLog),
    settings,
  });
  const isGood = findings.every(({ state }) => state !== 'bad');
  if (args.includes('--json')) console.log(JSON.stringify({ version: 1, good: isGood, findings }, undefined, 2));
  else console.log(findingLines(findings).join('\n'));
  return isGood ? 0 : 1;
}
