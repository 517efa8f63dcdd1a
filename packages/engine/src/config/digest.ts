// One number for everything that decides what is started and routed. Processes that differ in it refuse one state.

import { createHash } from 'node:crypto';
import { approvalInDigest } from './approval/approval.ts';
import { judgeInDigest } from './judge/judge.ts';
import type { TargetSettings } from './settings.ts';

/**
 * sha256 in hex. Leaves out who is notified, the names of people, whether machines go on after a rollback, the contents of env files, and the credentials for
 * hosts: a token that was renewed, or that a shell does not have, must not prevent a rollback.
 */
export function settingsDigest(targets: readonly TargetSettings[]): string {
  const deciding = targets
    .map(
      ({
        channel: _channel,
        recipients: _recipients,
        approval,
        artifacts,
        judge,
        suspendAfterRollback: _suspend,
        lockReminderMs: _remind,
        staleness: _staleness,
        ...target
      }) =>
        canonical({
          ...target,
          approval: approvalInDigest(approval),
          judge: judgeInDigest(judge),
          artifacts: { ...artifacts, ...withoutKeys(artifacts) },
        }),
    )
    .sort()
    .join('\n');
  return createHash('sha256').update(deciding).digest('hex');
}

function withoutKeys({ hosts, repositories }: TargetSettings['artifacts']) {
  const closed = <Door extends { readonly authorization: string | undefined }>(doors: readonly Door[]) =>
    doors.map(({ authorization: _authorization, ...door }) => door);
  return { hosts: closed(hosts), repositories: closed(repositories) };
}

/** JSON with sorted keys: the same settings make the same text, in whatever order the file has them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(',')}}`;
}
