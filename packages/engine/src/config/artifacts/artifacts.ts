// Where the files of an announced release may come from, and how much of them is taken.

import { z } from 'zod';
import { parseDuration, parseSize } from '../../lib/units.ts';
import { merge } from '../kit/draft.ts';
import { duration, listOf, matching, path, size, whole, yesNo } from '../kit/values.ts';
import { accountOptions } from '../process/account.ts';
import type { AllowedHost, AllowedRepository, ArtifactSettings } from './settings.ts';

const authorization = () =>
  matching(/^[^\p{Cc}]{1,4096}$/u, 'the value of a header, such as a token with the word Bearer in front').describe(
    `Sent as the Authorization header, only to this host; better from the environment: "Bearer \${ARTIFACTS_TOKEN}". Default: none.`,
  );

const host = z
  .strictObject({
    name: matching(
      /^((\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,200}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/,
      'a host such as artifacts.example.com, *.example.com or 10.0.0.5:8443',
    ).describe('Name or address, with its port where it is not that of https. *. matches any names in front.'),
    http: yesNo().describe('Also without encryption. Default: false.').optional(),
    privateAddresses: yesNo()
      .describe('Also when it is in a private network, or on this machine. Default: false.')
      .optional(),
    authorization: authorization().optional(),
  })
  .describe('A host that files may be fetched from.');

const repository = z
  .strictObject({
    url: matching(
      /^(https|ssh|file):\/\/[^\s\p{Cc}]{1,500}$/u,
      'the address of a repository: https://…, ssh://… or file:///…',
    ).describe('Where it is fetched from.'),
    name: matching(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/, 'a name such as acme/shop')
      .describe('What CI calls it. Default: the url.')
      .optional(),
    authorization: authorization().optional(),
    build: listOf(matching(/^[^\p{Cc}]{1,1000}$/u, 'a word of a command, without control characters'), 64)
      .min(1, { error: 'a list of at least the name of a program' })
      .describe('Program and arguments, run in the checked-out folder; never through a shell. Default: none.')
      .optional(),
    output: matching(/^(?![/~])(?!.*(^|\/)\.\.(\/|$))[^\p{Cc}\\]{1,200}$/u, 'a folder below the repository')
      .describe('The folder that becomes the release. Default: all of it.')
      .optional(),
  })
  .describe('A repository whose refs may be deployed.');

const limits = z
  .strictObject({
    time: duration().describe('For the whole way, from the first request to the last file. Default: 10m.').optional(),
    stall: duration().describe('For so long no byte may arrive. Default: 30s.').optional(),
    tries: whole({ min: 1, max: 20, expected: 'a number of tries from 1 to 20' })
      .describe('A download that is cut goes on where it stood, so often. Default: 4.')
      .optional(),
    download: size().describe('Bytes of an archive. Default: 1GB.').optional(),
    unpacked: size().describe('Bytes of all files. Default: 4GB.').optional(),
    files: whole({ min: 1, max: 200_000, expected: 'a number of files from 1 to 200000' })
      .describe('Files, folders and links. Default: 100000.')
      .optional(),
    ratio: whole({ min: 2, max: 10_000, expected: 'a number from 2 to 10000' })
      .describe('How many times larger than the archive its files may be, from 16 MB on. Default: 100.')
      .optional(),
  })
  .describe('How much is taken.');

export const artifacts = z
  .strictObject({
    hosts: listOf(host, 50)
      .describe('The only hosts that files are fetched from, redirects included. Default: none.')
      .optional(),
    folders: listOf(path(), 20)
      .describe('The only folders of this machine that announced folders and archives may lie in. Default: none.')
      .optional(),
    repositories: listOf(repository, 20)
      .describe('The only repositories that are checked out and built. Default: none.')
      .optional(),
    build: z.strictObject(accountOptions).describe('Whom the build commands of the repositories run as.').optional(),
    requireDigest: yesNo().describe('Refuse a download whose sha256 CI has not announced. Default: true.').optional(),
    publicKeys: listOf(matching(/^RW[A-Za-z0-9+/]{54}$/, 'a public key of minisign: 56 letters that begin with RW'), 10)
      .describe(
        'With these, every archive must have a signature by one of them next to it, <archive>.minisig. Default: none.',
      )
      .optional(),
    signatureNamesRelease: yesNo()
      .describe(
        'The trusted comment of a signature must name service and version, or a file named by both. Default: true.',
      )
      .optional(),
    strip: yesNo()
      .describe('Leave out the one top folder that all files of an archive lie in. Default: false.')
      .optional(),
    limits: limits.optional(),
  })
  .describe(
    'Where the files of an announced release may come from. Without it, releases are put into their folder by hand.',
  );

type ArtifactsFile = z.infer<typeof artifacts>;

/** Where anything may be fetched at all. */
const defaultArtifacts = {
  requireDigest: true,
  signatureNamesRelease: true,
  strip: false,
  limits: {
    time: '10m',
    stall: '30s',
    tries: 4,
    download: '1GB',
    unpacked: '4GB',
    files: 100_000,
    ratio: 100,
  },
} satisfies ArtifactsFile;

export function resolveArtifacts(
  file: ArtifactsFile | undefined,
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

/** The secrets that must not appear in any text. */
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
