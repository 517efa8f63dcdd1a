// `bg init --from compose.yaml`, and Kamal's deploy.yml: a configuration of the docker driver, and a list of what was not
// taken over. Nothing is started.

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { checkConfigFile, formatProblem, type Importing, importedConfig, importFile, starterPorts } from '@bg/engine';
import { operatingSystemUser } from '../actor.ts';
import { type ExitCode, exitCodes } from '../exit.ts';
import { screenFor, type World } from '../session.ts';
import { usageError } from '../usage.ts';
import { balancerOf, type InitFlags, portOf } from './questions.ts';

export const isImport = (from: string | undefined): from is string => from !== undefined && /\.ya?ml$/i.test(from);

interface Request {
  readonly world: World;
  readonly options: InitFlags & Parameters<typeof screenFor>[1];
  /** Of the configuration that is written. */
  readonly file: string;
  readonly from: string;
}

const largestBytes = 1 << 20;

export async function initFromFile({ world, options, file, from }: Request): Promise<ExitCode> {
  const source = resolve(from);
  const importing = read(source, options.service);
  const written = await write({ file, source, importing, options, world });
  const screen = screenFor(world, options);
  const { service, imported, left } = importing;
  const named = [...new Set(imported.named ?? [])];
  screen.answer({ file, service, ...written, notTakenOver: left, secrets: named }, (_, { paint }) => [
    `${paint.green('✓')} ${file} is written and valid`,
    ...(left.length === 0 ? [] : ['Not taken over:', ...left.map(({ key, why }) => `  ${key}: ${why}`)]),
    ...(named.length === 0
      ? []
      : [`Next: write ${named.join(', ')} into ${service}.env (chmod 600); they were not copied`]),
    ...(written.release === undefined
      ? [
          `Next: let CI announce an image (docs/ci.md), or name one by its digest in ${written.releases}/<version>/bluegreen.image.json`,
        ]
      : [`Next: bg deploy ${basename(written.release)}, then http://127.0.0.1:${written.front}/`]),
  ]);
  return exitCodes.done;
}

function read(source: string, service: string | undefined): Importing {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found?.isFile()) throw usageError(`--from: there is no file ${source}.`);
  if (found.size > largestBytes) throw usageError(`--from: ${source} is larger than 1 MiB.`);
  const result = importFile({ text: readFileSync(source, 'utf8'), folder: dirname(source), service });
  if (!result.ok) throw usageError(`--from: ${source} ${result.why}.`);
  return result.importing;
}

interface Writing extends Pick<Request, 'file' | 'options' | 'world'> {
  readonly source: string;
  readonly importing: Importing;
}

/** Nothing is left of it where a part fails. */
async function write({ file, source, importing, options, world }: Writing) {
  const { service, imported } = importing;
  const { environment } = world;
  const osUser = operatingSystemUser(environment.SUDO_USER);
  const ports = await portsFor(importing, options);
  const releases = `releases/${service}`;
  const text = importedConfig({
    importing: withFilesFrom(importing, relative(dirname(file), dirname(source))),
    source: basename(source),
    state: '.bluegreen/state',
    releases,
    ports,
    loadBalancer: balancerOf(options.loadBalancer),
    person: { id: osUser.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-'), osUser },
  });
  writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
  const variable = imported.registry?.passwordVariable;
  // Whether it is set is a matter of the engine's own environment.
  const known = variable === undefined ? environment : { [variable]: 'not set yet', ...environment };
  const { settings, problems } = checkConfigFile({ file, environment: known });
  if (settings === undefined) {
    rmSync(file);
    const lines = problems.map((each) => formatProblem(basename(file), each));
    throw usageError(`What ${source} says makes no valid configuration, and nothing was written:\n${lines.join('\n')}`);
  }
  return { releases, front: ports.front, release: layRelease(join(dirname(file), releases), imported.image) };
}

async function portsFor({ imported }: Importing, { port, front }: InitFlags) {
  const wanted = Number(imported.front?.replace(/^.*:/, '')) || undefined;
  const ports = await starterPorts({ port: portOf('--port', port), front: portOf('--front', front), wanted });
  // Each instance has a port, from that of its slot on.
  return { ...ports, green: Math.max(ports.green, ports.blue + (imported.instances ?? 1)) };
}

/** The file has them from its own folder, the configuration from another one, perhaps. */
function withFilesFrom(importing: Importing, folder: string): Importing {
  const { imported } = importing;
  if (imported.envFiles === undefined || folder === '') return importing;
  const envFiles = imported.envFiles.map((each) => (each.startsWith('/') ? each : join(folder, each)));
  return { ...importing, imported: { ...imported, envFiles } };
}

/** The image of the file is the first release where it is named by its digest: a tag may be another image tomorrow. */
function layRelease(releases: string, image: string | undefined): string | undefined {
  const [, name, tag = 'v1', digest] =
    /^(.+?)(?::([A-Za-z0-9_][\w.-]{0,60}))?@(sha256:[0-9a-f]{64})$/.exec(image ?? '') ?? [];
  if (name === undefined) return undefined;
  const folder = join(releases, tag);
  if (existsSync(folder)) return undefined;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bluegreen.image.json'), `${JSON.stringify({ name, digest }, undefined, 2)}\n`);
  return folder;
}
