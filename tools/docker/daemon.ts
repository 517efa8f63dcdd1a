// The Docker daemon of this machine, as Docker's own client finds it, and what differs from one to another.

import type Docker from 'dockerode';

export interface Daemon {
  readonly docker: Docker;
  /** `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** `host` where the daemon has no bridge. */
  readonly network: 'bridge' | 'host';
  /** The account in a container that is the one of this process outside of it: `1000:1000`. */
  readonly user: string;
}

const usualAddress = 'unix:///var/run/docker.sock';
const answerMs = 5_000;

/** @throws Error whose message is one sentence for people */
export async function findDaemon(env: Readonly<Record<string, string | undefined>>): Promise<Daemon> {
  const address = env.DOCKER_HOST || usualAddress;
  if (process.platform !== 'linux')
    throw new Error(`--docker needs Linux: its image is made from this Node, which is built for ${process.platform}.`);
  if (!/^unix:\/\/\/\S+$/.test(address))
    throw new Error(
      `--docker needs the Docker daemon of this machine, whose containers see its files, and DOCKER_HOST names ${address}.`,
    );
  const { default: Client } = await import('dockerode');
  const docker = new Client({ socketPath: new URL(address).pathname });
  try {
    const [info, networks] = await within(Promise.all([docker.info(), docker.listNetworks()]));
    return { docker, address, network: networkOf(networks), user: userOf(info) };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(
      `no Docker daemon answers at ${address} (${why}): start Docker, or name its socket in DOCKER_HOST.`,
      { cause: thrown },
    );
  }
}

function within<Result>(asked: Promise<Result>): Promise<Result> {
  const signal = AbortSignal.timeout(answerMs);
  return Promise.race([
    asked,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`no answer within ${answerMs / 1_000} s`)), {
        once: true,
      });
    }),
  ]);
}

const networkOf = (networks: readonly { readonly Name: string }[]): Daemon['network'] =>
  networks.some(({ Name }) => Name === 'bridge') ? 'bridge' : 'host';

/** Under a daemon without root, the root of a container is the account that runs the daemon. */
function userOf({ SecurityOptions = [] }: { readonly SecurityOptions?: readonly string[] }): string {
  const isRootless = SecurityOptions.some((each) => each.includes('name=rootless'));
  return isRootless ? '0:0' : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}
