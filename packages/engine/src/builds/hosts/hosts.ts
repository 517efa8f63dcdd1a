// The readers of all hosts, by name.

import { type BuildHost, buildHosts } from '../../domain/code-hosts.ts';
import { bitbucket } from './bitbucket/bitbucket.ts';
import { cdevents } from './cdevents.ts';
import { generic } from './generic.ts';
import { github } from './github/github.ts';
import { gitlab } from './gitlab/gitlab.ts';
import type { HostReader } from './host.ts';

const readers: Readonly<Record<BuildHost, HostReader>> = { github, gitlab, bitbucket, cdevents, generic };

export function readerOf(host: string): HostReader | undefined {
  const known = buildHosts.find((each) => each === host);
  return known && readers[known];
}

/** Whether the body fits the event that a header names. True without a reader of the event: only the name is known. */
export const fitsHostEvent = (host: BuildHost, kind: string, body: unknown): boolean =>
  readers[host].fits?.(kind, body) ?? true;
