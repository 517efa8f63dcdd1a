// A ref of a configured repository is checked out and built by the configured command. What CI announces chooses only
// among configured repositories, and is never anything but the name of a ref to git.

import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AllowedRepository, ArtifactSettings } from '../config/artifacts/settings.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { run } from '../lib/exec.ts';
import { placeOfBuild } from './build-account.ts';
import { refused, unavailable } from './refused.ts';

export interface CheckoutRequest {
  readonly repository: string;
  readonly ref: string;
  /** What CI built, where it says so: a branch may have moved meanwhile. */
  readonly commit: string | undefined;
  readonly version: string;
  readonly settings: Pick<ArtifactSettings, 'repositories' | 'limits' | 'buildAccount'>;
  /** Empty, and for this checkout only. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

export interface Checkout {
  readonly url: string;
  readonly commit: string;
  /** What becomes the release, except `.git`. */
  readonly output: string;
}

/** @throws BlueGreenError `artifact-refused` or `artifact-unavailable` */
export async function checkOutAndBuild(request: CheckoutRequest): Promise<Checkout> {
  const { settings, commit, folder, signal } = request;
  const repository = settings.repositories.find(({ name, url }) => [name, url].includes(request.repository));
  if (!repository)
    throw refused(
      `${JSON.stringify(request.repository.slice(0, 200))} is not one of the repositories in \`artifacts.repositories\``,
    );
  const ref = checkedRef(request.ref);
  const checkout = join(folder, 'checkout');
  await mkdir(checkout);
  const git = gitIn(checkout, repository, request);
  await git('init', '--quiet', '--template=');
  await git('fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', repository.url, ref);
  const found = (await git('rev-parse', '--verify', 'FETCH_HEAD^{commit}')).trim();
  if (commit !== undefined && commit.toLowerCase() !== found)
    throw refused(`${ref} of ${repository.name} is ${found.slice(0, 12)} now, and CI announced ${commit.slice(0, 12)}`);
  await git('checkout', '--quiet', '--detach', found);
  if (repository.build) await build(repository.build, checkout, request);
  signal.throwIfAborted();
  return { url: repository.url, commit: found, output: await outputOf(checkout, repository) };
}

/** No option, no range, no path of a reflog: as git check-ref-format, and a little stricter. */
function checkedRef(ref: string): string {
  const isSound =
    /^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$/.test(ref) &&
    !/\.\.|\/\/|\/\.|\.lock(\/|$)|[/.]$/.test(ref) &&
    ref !== 'HEAD';
  if (!isSound) throw refused(`${JSON.stringify(ref.slice(0, 200))} is no name of a branch, tag or commit`);
  return ref;
}

const path = `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

/** No hooks, no configuration of the user or the machine, no question on a terminal, no protocol but that of the address. */
function gitIn(cwd: string, { url, authorization }: AllowedRepository, { folder, settings, signal }: CheckoutRequest) {
  const { timeMs, stallMs } = settings.limits;
  const secret =
    authorization === undefined
      ? {}
      : {
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: 'http.extraHeader',
          GIT_CONFIG_VALUE_0: `Authorization: ${authorization}`,
        };
  const options = [
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'credential.helper=',
    'http.followRedirects=false',
    'http.lowSpeedLimit=1',
    `http.lowSpeedTime=${Math.ceil(stallMs / 1000)}`,
    'transfer.fsckObjects=true',
    'gc.auto=0',
  ].flatMap((option) => ['-c', option]);
  const env = {
    PATH: path,
    LANG: 'C.UTF-8',
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'false',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oStrictHostKeyChecking=yes',
    GIT_ALLOW_PROTOCOL: new URL(url).protocol.slice(0, -1),
    ...secret,
  };
  return async (...args: readonly string[]): Promise<string> => {
    try {
      const argv = ['git', ...options, ...args] as const;
      return (
        await run({ argv: argv as readonly [string, ...string[]], cwd, env, timeoutMs: timeMs, signal, group: true })
      ).stdout;
    } catch (thrown) {
      signal.throwIfAborted();
      const why = thrown instanceof BlueGreenError ? thrown.message : String(thrown);
      throw unavailable(
        `git ${args[0]} failed: ${authorization === undefined ? why : why.replaceAll(authorization, '[secret]')}`,
        thrown,
      );
    }
  };
}

async function build(
  argv: readonly [string, ...string[]],
  cwd: string,
  { folder, version, settings, signal }: CheckoutRequest,
): Promise<void> {
  const place = await placeOfBuild(settings.buildAccount, { folder, checkout: cwd });
  const env = { PATH: path, LANG: 'C.UTF-8', HOME: place.home, CI: 'true', APP_VERSION: version };
  try {
    await run({
      argv: place.as(argv),
      cwd,
      env,
      timeoutMs: settings.limits.timeMs,
      signal,
      group: true,
      maxOutputBytes: maxOutputBytes,
    });
  } catch (thrown) {
    signal.throwIfAborted();
    const why = thrown instanceof BlueGreenError ? thrown.message : String(thrown);
    throw refused(`its build failed: ${why}`, thrown);
  } finally {
    await place.end();
  }
}

const maxOutputBytes = 64 * 1024 ** 2;

/** The build may have made it a link. */
async function outputOf(checkout: string, { name, output }: AllowedRepository): Promise<string> {
  const root = await realpath(checkout);
  const found = await realpath(join(checkout, output)).catch((thrown: unknown) => {
    throw refused(`the build of ${name} made no ${output}`, thrown);
  });
  if (found !== root && !found.startsWith(`${root}/`))
    throw refused(`${output} of ${name} leads out of the repository`);
  return found;
}
