// The settings of where a release may come from, with defaults filled in.

import type { AllowedHost, AllowedRepository, ArtifactSettings } from './artifact-settings.ts';
import { defaultArtifacts } from './defaults.ts';
import { merge } from './draft.ts';
import type { ServiceOptions } from './schema-options.ts';
import { parseDuration, parseSize } from './units.ts';

type ArtifactsFile = NonNullable<ServiceOptions['artifacts']>;

export function resolveArtifacts(
  file: ServiceOptions['artifacts'],
  inFolder: (path: string) => string,
): ArtifactSettings {
  const { hosts = [], folders = [], repositories = [], publicKeys = [], build, ...rest } = file ?? {};
  const { requireDigest, signatureNamesRelease, strip, limits } = merge(defaultArtifacts, rest);
  return {
    hosts: hosts.map(resolveHost),
    folders: folders.map(inFolder),
    repositories: repositories.map(resolveRepository),
    ...(build?.user === undefined ? {} : { buildAccount: { user: build.user, group: build.group } }),
    requireDigest,
    publicKeys,
    signatureNamesRelease,
    strip,
    limits: {
      timeMs: parseDuration(limits.time),
      stallMs: parseDuration(limits.stall),
      tries: limits.tries,
      downloadBytes: parseSize(limits.download),
      unpackedBytes: parseSize(limits.unpacked),
      files: limits.files,
      ratio: limits.ratio,
    },
  };
}

/** What must not stand in any text. */
export const artifactSecrets = ({ hosts, repositories }: ArtifactSettings): readonly string[] =>
  [...hosts, ...repositories].flatMap(({ authorization }) => authorization ?? []);

function resolveHost({
  name,
  http = false,
  privateAddresses = false,
  authorization,
}: NonNullable<ArtifactsFile['hosts']>[number]): AllowedHost {
  const [, host = name, port] = /^(.*?)(?::(\d+))?$/.exec(name) ?? [];
  return {
    name: host.toLowerCase(),
    port: port === undefined ? undefined : Number(port),
    http,
    privateAddresses,
    authorization,
  };
}

function resolveRepository({
  url,
  name = url,
  authorization,
  build,
  output = '.',
}: NonNullable<ArtifactsFile['repositories']>[number]): AllowedRepository {
  const [program, ...args] = build ?? [];
  return { url, name, authorization, build: program === undefined ? undefined : [program, ...args], output };
}
