// The size of a change, from what was measured when the releases were registered.

import type { ReleaseChange } from '../../domain/release.ts';
import type { Db } from '../../state/database.ts';
import { readRelease } from '../../state/targets.ts';

export function changeOf(
  db: Db,
  { service, version, from }: { readonly service: string; readonly version: string; readonly from: string | null },
): ReleaseChange | undefined {
  const release = readRelease(db, service, version);
  if (release?.bytes == null || release.files == null) return undefined;
  return { bytes: release.bytes, files: release.files, ...sizeBefore(db, service, from) };
}

export function sizeBefore(
  db: Db,
  service: string,
  from: string | null,
): Pick<ReleaseChange, 'bytesBefore' | 'filesBefore'> {
  const before = from === null ? undefined : readRelease(db, service, from);
  return { bytesBefore: before?.bytes ?? undefined, filesBefore: before?.files ?? undefined };
}
