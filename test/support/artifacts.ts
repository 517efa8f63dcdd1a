// What CI has at hand, for tests: an archive of a release, a server that gives it, and the announcement of a build.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Settings, systemClock } from '@bg/engine';
import type { ArtifactSource } from '../../packages/engine/src/domain/artifact.ts';
import { gzipOf } from '../../packages/engine/src/releases/testing-archive.ts';
import { addBuild } from '../../packages/engine/src/state/builds.ts';
import { openDatabase } from '../../packages/engine/src/state/database.ts';
import { createStore } from '../../packages/engine/src/state/store.ts';

/** The files of a folder as `.tar.gz`. */
export function packFolder(folder: string): Promise<Buffer> {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  return gzipOf(
    names.map((name) =>
      statSync(join(folder, name)).isDirectory()
        ? { name: `${name}/`, type: 'directory' as const }
        : { name, body: readFileSync(join(folder, name)) },
    ),
  );
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

export interface ArtifactServer {
  readonly port: number;
  readonly url: string;
  close(): void;
}

export async function serveArtifact(answer: RequestListener): Promise<ArtifactServer> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/shop.tar.gz`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** As a webhook that was believed writes it. */
export function announceBuild({ stateFolder }: Settings, version: string, artifact: ArtifactSource): void {
  const db = openDatabase(stateFolder);
  const store = createStore({ db, clock: systemClock, redact: (text) => text, committed: () => undefined });
  store.write((tx) => {
    addBuild(tx, {
      service: 'shop',
      version,
      conclusion: 'succeeded',
      host: 'generic',
      repository: undefined,
      branch: undefined,
      tag: undefined,
      commit: undefined,
      committedAt: undefined,
      subject: undefined,
      url: undefined,
      authors: [],
      run: undefined,
      artifact,
      endedAt: undefined,
      pullRequest: undefined,
    });
    tx.audit({
      actor: 'machine:generic',
      action: 'build-announced',
      service: 'shop',
      sentence: version,
      detail: { build: 1, version, authors: [], reactions: [], older: false },
    });
  });
  db.$client.close();
}
