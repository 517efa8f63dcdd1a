// One error class with a closed set of codes. Expected endings (refused, rolled back, halted) are results, not errors.

/** Every code with the line of help that an operator sees next to the message. Keep alphabetical. */
export const errorHelp = {
  'account-refused':
    'Nothing was started or stopped. docs/accounts.md says what an account of its own needs; the message says what is missing.',
  'archive-refused':
    'No row was removed from the state. Put the file back that the sentence names, or name the folder that holds it.',
  'artifact-refused':
    'Nothing of it was stored. Publish it as the sentence asks, or allow it under `artifacts`, and deploy again.',
  'artifact-unavailable': 'Nothing of it was stored. Deploy again when the place it is fetched from answers.',
  'backup-refused': 'Nothing was copied and no file was changed. Name a new file in a folder that exists.',
  'balancer-refused':
    'The load balancer refused its new configuration, which is stored next to the old one; the old one goes on serving.',
  'balancer-stale-generation': 'A newer routing is already in place; read the status before trying again.',
  'balancer-unreachable': 'The load balancer did not answer; see `bg status` and the balancer log in the state folder.',
  'balancer-unsettled': 'The load balancer accepted the routing but was not seen to follow it.',
  'config-changed':
    'Another process runs on this state with a different configuration; restart both with the same file.',
  'config-invalid': 'Run `bg config check` to see every problem at once.',
  'config-refused':
    'The load balancer refuses its new configuration; the refused file is stored next to it, the one before goes on serving.',
  'disk-error':
    'Look at the disk (`dmesg`, its health). No file was moved; copy the state folder before you try anything else.',
  'disk-full':
    'Free some disk and try again. The state is intact and no file of it was moved; what runs goes on serving.',
  'disk-read-only': 'Make the file or its file system writable and try again. The state is sound; users are served on.',
  drifted:
    'The routing differs from what was set. `bg routing restore` puts back what was decided, `bg routing adopt` decides for what it does now.',
  'env-file-invalid':
    'Correct the named lines; nothing was started. What an env file may hold is in docs/env-files.md.',
  'env-file-unreadable': 'Create the named file, or correct its path or permissions; nothing was started.',
  'environment-unreachable':
    'Nothing is known of what runs there until the named Docker host answers; see that its daemon runs and that this machine reaches it.',
  'evidence-unreadable':
    'The source of evidence, or its configuration under `judge.checks`, is at fault, not the release.',
  'exec-failed': 'A command ended with an error; its last lines are in the message.',
  'exec-not-found': 'The program named in the configuration does not exist or may not be executed.',
  'exec-timeout': 'A command was stopped because it ran longer than its limit.',
  'fenced-out': 'This process lost its lease to another driver; nothing was changed.',
  'file-too-large':
    'Raise the limit of this process (`ulimit -f`, `LimitFSIZE=`) and start it again. The state is sound; users are served on.',
  'http-failed': 'The address did not answer; check that the service listens on its APPLICATION_PORT.',
  'http-timeout': 'The address did not answer in time.',
  'lease-held': 'Another process is driving; its name is in the message.',
  'no-permission': 'Run as the user that owns the state folder, or correct its owner and mode. Nothing was changed.',
  'not-found': 'Look at `bg status` for the names that exist.',
  'port-in-use': 'Stop the named process or give the slot another port.',
  'release-invalid': 'Mend the file that is named, and publish the release under a new version.',
  'release-missing': 'Put the release into the releases folder as <service>/<version>/ and try again.',
  'release-modified': 'A version is immutable: the files differ from those registered. Publish a new version.',
  'resources-short': 'Free some disk or memory; nothing was started.',
  'send-failed': 'It is sent again until it is taken; look at the address and at what listens there.',
  'start-failed': 'The release ended at once; its last log lines are in the message.',
  'state-corrupt':
    'The state file is damaged. Users are still served. Put back a copy of it, or run `bg state rebuild`: the file is renamed, and what runs is learnt from the load balancer and the services.',
  'state-locked':
    'Another process has been in the middle of a write for seconds: a very slow disk, or a process that was stopped. Let it go on or end it, and try again.',
  'state-newer': 'The state was written by a newer version of this program; use that version.',
  'state-older':
    'Nothing was changed. `bg routing adopt` learns from the load balancer and the services what runs now.',
  'state-replaced':
    'This process acts no more on it, and users are served on. Restart this process; if the file was removed by mistake, see docs/disk.md.',
  'state-unsafe':
    'Nothing was read or written. Only the account that runs this program may write to the state folder; the message says what to change.',
  'step-timeout': 'A step of a deployment ran longer than its limit.',
  'stop-failed': 'A process did not end even after SIGKILL.',
  'tcp-failed': 'Nothing accepts connections at the named address, or something between refuses them.',
  'template-invalid': 'A fault of this program: a template of a configuration file does not fit its values.',
  'template-unfilled':
    'Give the named variables in an env file or in `env` of the configuration, or mend the template in a new release; nothing was started.',
  'too-many-files': 'End what keeps files open, or raise the limit (`ulimit -n`, `LimitNOFILE=`), and try again.',
  unreachable:
    'Start or correct what the variable names, or leave out `reachable` of it in `requiredEnv`; nothing was started.',
  'variable-invalid':
    'Correct the named variable in its env file or in `env` of the configuration; nothing was started.',
  'variable-missing': 'Add the named variable to the env file of the target or to `env` in the configuration.',
} as const;

export type ErrorCode = keyof typeof errorHelp;

/** A fault: something failed unexpectedly. `message` is one sentence for people; `cause` is preserved. */
export class BlueGreenError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'BlueGreenError';
    this.code = code;
    this.details = details;
  }

  get help(): string {
    return errorHelp[this.code];
  }
}

/** The sentence of a thrown value, for a log line or an audit row. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export function hasCode(thrown: unknown, code: ErrorCode): thrown is BlueGreenError {
  return thrown instanceof BlueGreenError && thrown.code === code;
}
