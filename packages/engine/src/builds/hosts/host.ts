// What a code host's folder or file exports: everything that is known of its payloads.

import type { BuildActor } from '../../domain/build.ts';
import type { HostEvent } from '../host-event.ts';

export interface HostReader {
  /**
   * Whether a signed body can be the event that an unsigned header names. Left out for a host whose body names the event.
   */
  readonly fits?: (kind: string, body: unknown) => boolean;
  /** `kind`: as the sender names the event, '' where it does not. A sentence where a build cannot be read; undefined for other events. */
  readonly read: (kind: string, body: unknown) => HostEvent | string | undefined;
  /** By event: who took part in commits and requests, for four eyes. */
  readonly contributions?: Readonly<Record<string, (body: unknown) => Contribution | undefined>>;
}

/** What an event says of who opened, pushed, merged or tagged something. */
export interface Contribution {
  readonly actors: readonly BuildActor[];
  /** `#7`: what is known of the request counts for its commits too. */
  readonly request: string | undefined;
  readonly commits: readonly string[];
  /** What is known of the commits counts for the request as well, and so for its merge. */
  readonly inheritsFromCommits?: true;
}

/** What a reader found; the rest is as in `nothingTold`. */
export type Facts = Partial<Omit<HostEvent, 'host' | 'event' | 'document'>>;

export const requestNumber = (number: string | undefined): string | undefined =>
  number !== undefined && /^\d{1,9}$/.test(number) ? `#${number}` : undefined;

export const commitIds = (...found: readonly (string | undefined)[]): readonly string[] =>
  found.flatMap((commit) => commit?.toLowerCase() ?? []);

/** `run/7/1`; undefined where a part is missing. */
export function joined(...parts: readonly (string | undefined)[]): string | undefined {
  return parts.every((part) => part !== undefined) ? parts.join('/') : undefined;
}
