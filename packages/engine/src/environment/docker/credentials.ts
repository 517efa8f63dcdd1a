// How a registry is logged in to. Read for each pull, sent in its header, and stored neither here nor on the host: a
// token of an hour would be an old one at the next pull.

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import type { RegistryAccess } from './settings.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

const commandMs = 30_000;

/** Undefined: none are configured for this registry. @throws BlueGreenError `artifact-refused`, without any secret */
export async function credentialsFor(
  reference: string,
  registries: readonly RegistryAccess[],
): Promise<Credentials | undefined> {
  const registry = registryOf(reference);
  const access = registries.find((each) => each.registry === registry);
  if (!access) return undefined;
  try {
    return { ...(await read(access)), serveraddress: registry };
  } catch (thrown) {
    const why = thrown instanceof BlueGreenError ? thrown.code : messageOf(thrown);
    throw new BlueGreenError('artifact-refused', `the credentials of ${registry} cannot be read: ${why}`);
  }
}

/** What Docker takes a name without a registry for. */
const hub = 'docker.io';

export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : hub;
}

type Login = Omit<Credentials, 'serveraddress'>;

function read(access: RegistryAccess): Promise<Login> | Login {
  switch (access.kind) {
    case 'password':
      return { username: access.username, password: access.password };
    case 'file':
      return fromFile(access);
    case 'helper':
      return fromHelper(access.name, access.registry);
    case 'command':
      return fromCommand(access);
    default:
      return access satisfies never;
  }
}

const configShape = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

/** Docker's own file names its helper for a registry, or holds user and password in base64. */
async function fromFile({ path, registry }: Extract<RegistryAccess, { kind: 'file' }>): Promise<Login> {
  const parsed = configShape.safeParse(JSON.parse(await readFile(path, 'utf8').catch(() => unreadable(path))));
  if (!parsed.success) throw new Error(`${path} is no configuration of Docker`);
  const { auths = {}, credHelpers = {}, credsStore } = parsed.data;
  const names = registry === hub ? ['https://index.docker.io/v1/', hub] : [registry, `https://${registry}`];
  const helper = names.map((name) => credHelpers[name]).find((name) => name !== undefined);
  if (helper !== undefined) return fromHelper(helper, registry);
  const auth = names.map((name) => auths[name]?.auth).find((each) => each);
  if (auth !== undefined) return fromBase64(auth, path);
  if (credsStore !== undefined) return fromHelper(credsStore, registry);
  throw new Error(`${path} names none for it`);
}

function unreadable(path: string): never {
  throw new Error(`${path} cannot be read`);
}

function fromBase64(auth: string, path: string): Login {
  const [, username, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? [];
  if (!username || password === undefined) throw new Error(`what ${path} holds for it is no user and password`);
  return { username, password };
}

const helperShape = z.object({ Username: z.string(), Secret: z.string() });

async function fromHelper(name: string, registry: string): Promise<Login> {
  const argv = [`docker-credential-${name}`, 'get'] as const;
  const { stdout } = await run({ argv, input: registry, timeoutMs: commandMs });
  const found = helperShape.safeParse(JSON.parse(stdout));
  if (!found.success) throw new Error(`${argv[0]} gives no user and secret`);
  return { username: found.data.Username, password: found.data.Secret };
}

async function fromCommand({ argv, username }: Extract<RegistryAccess, { kind: 'command' }>): Promise<Login> {
  const { stdout } = await run({ argv, timeoutMs: commandMs });
  const password = stdout.trim();
  if (password === '') throw new Error(`${argv[0]} prints nothing`);
  return { username, password };
}
