// An image with this Node, built by the daemon itself from files of this machine: nothing is pulled.

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { layNodeRoot, plainAccount } from './node-root.ts';

const dockerfile = `FROM scratch
COPY root /
ENV PATH=/usr/bin:/bin NODE_ENV=production
USER ${plainAccount.id}:${plainAccount.id}
LABEL org.opencontainers.image.title="Node of bluegreen"
`;

const recipe = createHash('sha256').update(dockerfile).digest('hex').slice(0, 8);

/** `bluegreen/node:v24.21.0-…`: another Node or another recipe is another tag. */
export const nodeImage = `bluegreen/node:${process.version}-${process.arch}-${recipe}`;

export const isBuilt = (docker: Docker): Promise<boolean> =>
  docker
    .getImage(nodeImage)
    .inspect()
    .then(Boolean, () => false);

/** @throws Error with what the daemon said */
export async function buildNodeImage(docker: Docker, signal: AbortSignal): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'bg-node-image-'));
  try {
    const root = join(context, 'root');
    mkdirSync(root, { mode: 0o755 });
    layNodeRoot(root);
    writeFileSync(join(context, 'Dockerfile'), dockerfile);
    await build(docker, { context, src: ['Dockerfile', 'root'] }, { t: nodeImage, abortSignal: signal });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

interface BuildOptions extends Docker.ImageBuildOptions {
  readonly abortSignal?: AbortSignal;
}

/** @throws Error with what the daemon said */
export async function build(docker: Docker, context: Docker.ImageBuildContext, options: BuildOptions): Promise<void> {
  const stream = await docker.buildImage(context, { forcerm: true, ...options });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, events: readonly { readonly error?: string }[] | null) => {
      const said = error?.message ?? events?.find((event) => event.error !== undefined)?.error;
      if (said === undefined) resolve();
      else reject(new Error(`Docker does not build ${options.t}: ${said.trim()}`));
    });
  });
}
