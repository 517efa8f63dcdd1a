import type { Build } from '../domain/build.ts';

/** A good build of the shop that says nothing of itself. */
export function aBuild(version: string, change: Partial<Build> = {}): Build {
  return {
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
    artifact: undefined,
    endedAt: undefined,
    pullRequest: undefined,
    ...change,
  };
}
