// The senders that announce builds, and what each calls its events: a rule of the configuration, the receiver and the
// command line name them from here. How a payload is read is in builds/hosts.

interface CodeHost {
  /** What a rule may read. The first one ends a build, and is read by default. */
  readonly events: readonly [string, ...string[]];
  /** Of these, the ones that are about a tag and never about a branch. */
  readonly tagEvents: readonly string[];
  /** Of these, the ones that say what started the build. */
  readonly triggeredEvents: readonly string[];
  /** Of these, the one that is about a pull or merge request. */
  readonly requestEvent: string | undefined;
  /** The host's words for a good build. */
  readonly goodConclusions: readonly string[];
  /** Where a build gets its service from: the repository of a rule, or the event itself. */
  readonly serviceFrom: 'repository' | 'repository-or-event' | 'event';
  /** Says which branch is the default one, and whether a build is of a pull request; otherwise a rule names branch or tag. */
  readonly tellsBranches: boolean;
  /** Sends more than a megabyte: GitHub and GitLab up to 25 MB, and a little more where JSON travels as a form. */
  readonly sendsLargeBodies: boolean;
}

export const codeHosts = {
  github: {
    events: ['workflow_run', 'release', 'push', 'pull_request'],
    tagEvents: ['release'],
    triggeredEvents: ['workflow_run'],
    requestEvent: 'pull_request',
    goodConclusions: ['success'],
    serviceFrom: 'repository',
    tellsBranches: true,
    sendsLargeBodies: true,
  },
  gitlab: {
    events: ['pipeline', 'release', 'tag_push', 'merge_request'],
    tagEvents: ['release', 'tag_push'],
    triggeredEvents: ['pipeline'],
    requestEvent: 'merge_request',
    goodConclusions: ['success'],
    serviceFrom: 'repository',
    tellsBranches: true,
    sendsLargeBodies: true,
  },
  bitbucket: {
    events: ['commit_status', 'push'],
    tagEvents: [],
    triggeredEvents: [],
    requestEvent: undefined,
    goodConclusions: ['successful'],
    serviceFrom: 'repository',
    tellsBranches: false,
    sendsLargeBodies: false,
  },
  cdevents: {
    events: ['artifact.published', 'artifact.packaged', 'pipelinerun.finished'],
    tagEvents: [],
    triggeredEvents: [],
    requestEvent: undefined,
    goodConclusions: ['success'],
    serviceFrom: 'repository-or-event',
    tellsBranches: true,
    sendsLargeBodies: false,
  },
  generic: {
    events: ['build'],
    tagEvents: [],
    triggeredEvents: [],
    requestEvent: undefined,
    goodConclusions: ['succeeded', 'success'],
    serviceFrom: 'event',
    tellsBranches: true,
    sendsLargeBodies: false,
  },
} as const satisfies Readonly<Record<string, CodeHost>>;

/** Bitbucket names the commits of a pull request by so many digits. */
export const shortCommitLength = 12;

export type BuildHost = keyof typeof codeHosts;

export const buildHosts = Object.keys(codeHosts) as readonly BuildHost[];

export const codeHost = (name: BuildHost): CodeHost => codeHosts[name];
