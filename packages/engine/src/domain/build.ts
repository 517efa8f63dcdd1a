// What a code host reported of one build, after its delivery was authenticated and read: one shape for all hosts.

import type { ArtifactSource } from './artifact.ts';

export interface Build {
  readonly service: string;
  readonly version: string;
  readonly conclusion: 'succeeded' | 'failed';
  /** Name of the hook it came by: `github`, `gitlab`, `generic`, `cdevents`. */
  readonly host: string;
  /** `owner/name` as the host spells it. */
  readonly repository: string | undefined;
  readonly branch: string | undefined;
  readonly tag: string | undefined;
  /** Full commit id in hex. */
  readonly commit: string | undefined;
  /** When the commit was made, in milliseconds since 1970. */
  readonly committedAt: number | undefined;
  /** First line of the commit's message. */
  readonly subject: string | undefined;
  /** The page of the run. */
  readonly url: string | undefined;
  readonly authors: readonly Author[];
  /** Which accounts took part in it, and how, as the host vouches for them; missing in builds that an older version stored. */
  readonly actors?: readonly BuildActor[];
  /** Run and attempt, in the host's own words: the same pair is the same build. */
  readonly run: string | undefined;
  readonly artifact: ArtifactSource | undefined;
  /** When the host says it ended, in milliseconds since 1970. */
  readonly endedAt: number | undefined;
  /** Number of the pull or merge request, where the build was made for one. */
  readonly pullRequest: number | undefined;
}

export interface StoredBuild extends Build {
  readonly id: number;
  readonly announcedAt: number;
}

export interface Author {
  readonly name: string | undefined;
  readonly email: string | undefined;
  /** Login on the code host. */
  readonly login: string | undefined;
}

export const deeds = ['pushed', 'triggered', 'published', 'opened', 'merged'] as const;
export type Deed = (typeof deeds)[number];

export interface BuildActor extends Author {
  readonly did: Deed;
}

/** What a rule of the configuration makes of a build, per target. */
export type Reaction = 'announce' | 'deploy' | 'ignore';
