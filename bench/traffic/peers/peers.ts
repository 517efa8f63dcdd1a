// What the embedded proxy is compared with: kamal-proxy, built from its source where Go is installed, and a bare Node proxy.

import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@bg/engine/test-kit';
import { command, endAll, isInstalled, launch, listening } from '../proxies/program.ts';
import type { Ground } from '../proxies/proxy.ts';

export interface Peer {
  readonly name: string;
  /** Up, with all users on blue. Returns what ends it. */
  start(ground: Ground): Promise<() => Promise<void>>;
}

const bareNodeProgram = fileURLToPath(new URL('bare-node.mjs', import.meta.url));
const kamalModule = 'github.com/basecamp/kamal-proxy/cmd/kamal-proxy@latest';
const goFolder = '/usr/local/go/bin';
const buildLimitMs = 300_000;

export const bareNode: Peer = {
  name: 'bare Node proxy',
  start: async ({ folder, port, backends }) => {
    mkdirSync(folder, { recursive: true });
    // The folder is how the bench finds the processes of a proxy.
    launch([process.execPath, bareNodeProgram, String(port), String(backends.blue), folder], folder);
    await listening(port, 'the bare Node proxy');
    return () => endAll(folder);
  },
};

export const kamalProxy = (program: string): Peer => ({
  name: 'kamal-proxy',
  start: async ({ folder, port, backends }) => {
    mkdirSync(folder, { recursive: true });
    const named = join(folder, 'kamal-proxy');
    symlinkSync(program, named);
    launch([named, 'run', '--http-port', String(port), '--https-port', String(await freePort())], folder);
    await listening(port, 'kamal-proxy');
    await command(
      [named, 'deploy', 'shop', '--target', `127.0.0.1:${backends.blue}`, '--health-check-path', '/'],
      folder,
    );
    return () => endAll(folder);
  },
});

/** The program that `KAMAL_PROXY` names, one in the path, or one built in `folder`; else why there is none. */
export async function findKamal(
  folder: string,
  named: string | undefined,
): Promise<{ readonly program: string } | { readonly missing: string }> {
  if (named !== undefined)
    return existsSync(named) ? { program: named } : { missing: `KAMAL_PROXY names ${named}, which is not there` };
  const go = isInstalled('go') ? 'go' : existsSync(join(goFolder, 'go')) ? join(goFolder, 'go') : undefined;
  if (go === undefined) return { missing: 'Go is not installed, so that kamal-proxy cannot be built' };
  try {
    const env = { GOBIN: folder, GOPATH: join(folder, 'go'), GOFLAGS: '-modcacherw' };
    await command([go, 'install', kamalModule], folder, { env, timeoutMs: buildLimitMs });
    return { program: join(folder, 'kamal-proxy') };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return { missing: `kamal-proxy cannot be built: ${why.trim().split('\n').at(-1)}` };
  }
}
