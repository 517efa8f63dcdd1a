// A fetch as the flow does it, for tests: into a releases folder, moved when it is whole, cleared in any case.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ArtifactSettings } from '../config/artifacts/settings.ts';
import type { ArtifactSource } from '../domain/artifact.ts';
import { systemClock } from '../lib/clock.ts';
import { type Fetched, fetchFiles } from './fetch.ts';
import { makeWorkplace } from './workplace.ts';

export const testLimits: ArtifactSettings['limits'] = {
  timeMs: 30_000,
  stallMs: 10_000,
  tries: 2,
  downloadBytes: 64 * 1024 ** 2,
  unpackedBytes: 256 * 1024 ** 2,
  files: 1_000,
  ratio: 100,
};

export const testSettings = (more: Partial<ArtifactSettings> = {}): ArtifactSettings => ({
  hosts: [{ name: '127.0.0.1', port: undefined, http: true, privateAddresses: true, authorization: undefined }],
  folders: [],
  repositories: [],
  requireDigest: true,
  publicKeys: [],
  signatureNamesRelease: true,
  strip: false,
  limits: testLimits,
  ...more,
});

interface FetchOptions {
  readonly signal?: AbortSignal;
  readonly commit?: string | undefined;
  readonly keepFreeBytes?: number;
}

export async function fetchInto(
  folder: string,
  source: ArtifactSource,
  settings: ArtifactSettings,
  { signal = new AbortController().signal, commit, keepFreeBytes = 0 }: FetchOptions = {},
): Promise<Fetched> {
  const workplace = await makeWorkplace(join(folder, 'releases'), 'v1', '1');
  try {
    const fetched = await fetchFiles({
      source,
      service: 'shop',
      version: 'v1',
      commit,
      settings,
      workplace,
      keepFreeBytes,
      clock: systemClock,
      signal,
    });
    await workplace.moveTo('v1');
    return fetched;
  } finally {
    await workplace.clear();
  }
}

export interface TestServer {
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
  close(): void;
}

export type TestAnswer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server on a free port of this machine, which records its requests. */
export async function serveFiles(answer: TestAnswer): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, requests, close };
}
