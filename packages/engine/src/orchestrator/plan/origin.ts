// Where a release comes from, as its builder says in `release.json` next to its files, part of the digest, or as CI
// announced it. Shown to people; no gate relies on it.

import { join } from 'node:path';
import { z } from 'zod';
import type { Origin } from '../../domain/release.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { readFileIfAny } from '../../lib/files.ts';
import { withoutMark } from '../../lib/text-file.ts';
import { buildOf } from '../../state/builds.ts';
import type { Db } from '../../state/database.ts';

const maxBytes = 64 * 1024;

const shape: z.ZodType<Origin> = z.object({
  /** As the code host names it. */
  commit: z.string().regex(/^[0-9a-fA-F]{7,64}$/, 'expected 7 to 64 hexadecimal digits'),
  /** Of the commit or the build, for a link. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(1_000)
    .optional(),
  author: z.string().min(1).max(100).optional(),
  /** The first line of the commit's message. */
  subject: z.string().min(1).max(200).optional(),
});

/** Undefined without such a file. @throws BlueGreenError `release-invalid` naming its error. */
export function readOrigin(releaseFolder: string): Origin | undefined {
  const path = join(releaseFolder, 'release.json');
  const text = readFileIfAny(path);
  if (text === undefined) return undefined;
  if (text.length > maxBytes) throw new BlueGreenError('release-invalid', `${path} is larger than ${maxBytes} bytes`);
  const parsed = shape.safeParse(jsonOf(path, text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BlueGreenError('release-invalid', `${path}: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

/** What CI said of the version, for a release that says nothing itself. */
export function announcedOrigin(
  db: Db,
  { service, version }: { service: string; version: string },
): Origin | undefined {
  const build = buildOf(db, service, version);
  if (build?.commit === undefined) return undefined;
  const { commit, url, subject } = build;
  const [first] = build.authors;
  const author = (first?.name ?? first?.login ?? first?.email)?.slice(0, 100);
  return { commit, ...(url ? { url } : {}), ...(author ? { author } : {}), ...(subject ? { subject } : {}) };
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(withoutMark(text));
  } catch (thrown) {
    throw new BlueGreenError('release-invalid', `${path} is not JSON: ${messageOf(thrown)}`, {}, thrown);
  }
}
