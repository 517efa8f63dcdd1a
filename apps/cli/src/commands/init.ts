// From an empty folder to a first deployment: asks or takes flags, starts the service once to see how it answers, writes
// a commented configuration, and checks it.

import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import {
  checkConfigFile,
  formatProblem,
  starterConfig,
  starterPorts,
  type TrialResult,
  tryService,
  usualPaths,
} from '@bg/engine';
import { operatingSystemUser } from '../actor.ts';
import { exitCodes } from '../exit.ts';
import { copyFirstRelease } from '../init/first-release.ts';
import { initFromFile, isImport } from '../init/import-file.ts';
import { type InitAnswers, initAnswers } from '../init/questions.ts';
import { configFile, screenFor, type World } from '../session.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';
import { deploying } from './deploying.ts';

const tryMs = 15_000;
const version = 'v1';

export const init: readonly Command[] = [
  {
    usage: 'init [command...]',
    placeless: true,
    summary: 'write a configuration for your own service: starts it once, sees how it answers, checks what it wrote',
    options: [
      ['--service <name>', 'name of the service (that of the folder); of a compose file: which of its services'],
      [
        '--from <folder>',
        `the files of the first version, which becomes ${version} (this folder); or a compose file, or Kamal's deploy.yml`,
      ],
      ['--health <path>', `path of its health check (the first of ${usualPaths.join(', ')} that answers)`],
      ['--port <number>', 'of blue; green gets the next one (8001)'],
      ['--front <number>', 'where users connect (8080)'],
      ['--load-balancer <driver>', 'embedded, haproxy or nginx (embedded)'],
      ['--no-try', 'do not start the service'],
      ['--deploy', `deploy ${version} at once`],
    ],
    examples: [
      'bg init -- node server.mjs',
      'bg init --service shop --from ./dist --health /healthz -- ./shop --serve',
      'bg init --from compose.yaml --service web',
      'bg init --from config/deploy.yml',
    ],
    run: async ({ world, words, options }) => {
      const file = configFile(world, options.config);
      if (existsSync(file)) throw usageError(`${file} exists already; init never replaces a configuration.`);
      if (isImport(options.from)) {
        if (words.length > 0) throw usageError(`The command is that of ${options.from}; leave it out here.`);
        return await initFromFile({ world, options, file, from: options.from });
      }
      const answers = await initAnswers(words, options, world.ask);
      if (!existsSync(answers.from)) throw usageError(`--from: there is no folder ${answers.from}.`);
      const screen = screenFor(world, options);
      if (answers.tries) screen.aside(`Starting ${answers.command.join(' ')} once, to see how it answers …`);
      const trial = answers.tries ? await tried(answers, world) : undefined;
      if (trial?.ok === false)
        throw usageError(
          `The service did not answer: ${trial.problem}. Correct it, or write the configuration with --no-try.`,
        );
      const written = await write(file, answers, trial, world);
      screen.answer({ file, ...written, version, health: trial?.health ?? null }, (_, { paint }) => [
        ...(trial === undefined
          ? []
          : [`${paint.green('✓')} it answers at ${trial.health.path}, ${proofWords(trial)}`]),
        `${paint.green('✓')} ${file} is written and valid`,
        `${paint.green('✓')} ${written.release} holds the files of ${version}`,
        ...(options.deploy === true ? [] : [`Next: bg deploy ${version}, then http://127.0.0.1:${written.front}/`]),
      ]);
      const deploy = deploying.find(({ usage }) => usage.startsWith('deploy '));
      const isWanted = options.deploy === true || (await world.ask?.(`Deploy ${version} now?`, 'no'))?.startsWith('y');
      return isWanted && deploy !== undefined
        ? await deploy.run({ world, words: [version], options: { ...options, service: answers.service } })
        : exitCodes.done;
    },
  },
];

const proofWords = ({ health }: Extract<TrialResult, { ok: true }>): string =>
  health.proves === 'release' ? 'and names the version that runs' : 'but does not name the version: a weaker proof';

/** With the variables that a slot gives, so that what works here works there. */
async function tried({ command: [program, ...rest], from, health }: InitAnswers, { environment, stop }: World) {
  return await tryService({
    command: [absoluteProgram(program, environment.PATH), ...rest],
    folder: from,
    paths: health === undefined ? usualPaths : [health],
    limitMs: tryMs,
    signal: stop,
  });
}

/** Nothing is left of it where a part fails. */
async function write(
  file: string,
  { service, command: [program, ...rest], from, loadBalancer, ...given }: InitAnswers,
  trial: Extract<TrialResult, { ok: true }> | undefined,
  { environment }: World,
) {
  const folder = dirname(file);
  const release = join(folder, 'releases', service, version);
  if (existsSync(release)) throw usageError(`${release} exists already; move it away, or name another --service.`);
  const ports = await starterPorts(given);
  const osUser = operatingSystemUser(environment.SUDO_USER);
  copyFirstRelease(from, release);
  const text = starterConfig({
    service,
    // A slot has a path of its own, which may not lead to a program of this shell.
    command: [absoluteProgram(program, environment.PATH), ...rest],
    releases: `releases/${service}`,
    state: '.bluegreen/state',
    ports,
    loadBalancer,
    person: { id: osUser.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-'), osUser },
    portVariable: trial?.portVariable ?? 'APPLICATION_PORT',
    health: trial?.health,
  });
  writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
  const { settings, problems } = checkConfigFile({ file, environment });
  if (settings === undefined)
    throw usageError(
      `${file} is written, but not valid:\n${problems.map((each) => formatProblem(file, each)).join('\n')}`,
    );
  return { release, ...ports };
}

function absoluteProgram(program: string, path = ''): string {
  if (program.includes('/')) return program;
  const found = path.split(delimiter).find((folder) => isAbsolute(folder) && existsSync(join(folder, program)));
  return found === undefined ? program : resolve(found, program);
}
