// What the configuration says about builds: one rule per way in which CI announces a release of a service.

import type { BuildHost } from '../../domain/code-hosts.ts';

export interface BuildRule {
  readonly service: string;
  /** `services.shop.builds[0]`, for people. */
  readonly place: string;
  readonly host: BuildHost;
  readonly events: readonly string[];
  /** `owner/name`; undefined where any will do. */
  readonly repository: string | undefined;
  /** These three are patterns with `*`; of `branch` and `tag` at most one. */
  readonly workflow: string | undefined;
  readonly branch: string | undefined;
  readonly tag: string | undefined;
  readonly pullRequests: boolean;
  /** Words of the host for what made it run; undefined: any but another pipeline. */
  readonly triggers: readonly string[] | undefined;
  /** Words of the host that mean a good build. */
  readonly conclusion: readonly string[];
  /** Expressions, see lib/expression.ts. */
  readonly version: string | undefined;
  readonly facts: { readonly [Name in FactName]?: string | undefined };
  readonly artifact: ArtifactRule | undefined;
  /** One for each target of the service. */
  readonly reactions: Readonly<Record<string, 'announce' | 'deploy' | 'ignore'>>;
}

export type FactName = 'commit' | 'committedAt' | 'subject' | 'url' | 'authors' | 'run' | 'endedAt';

/** Where the artifact is; every value is an expression. */
export interface ArtifactRule {
  readonly url?: string | undefined;
  readonly sha256?: string | undefined;
  readonly image?: string | undefined;
  readonly directory?: string | undefined;
  readonly archive?: string | undefined;
  readonly git?: { readonly repository: string; readonly ref: string } | undefined;
}

/** The names allowed in the braces of an expression about a known build. */
export const buildNames = [
  'version',
  'commit',
  'shortCommit',
  'branch',
  'tag',
  'repository',
  'run',
  'runNumber',
  'pullRequest',
] as const;
