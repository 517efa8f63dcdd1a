// `release fetch`: fetches a release to its folder before a person deploys it, under the same rules as a fetch by a
// deployment.

import type { StoredReleases } from '../../api/releases.ts';
import { actorName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { isVersion } from '../../domain/version.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { sizeText } from '../../releases/refused.ts';
import { tokenByHand } from '../../releases/workplace.ts';
import { buildOf } from '../../state/builds.ts';
import type { Core, Target } from '../core.ts';
import { ensureRelease, isThere, releaseFolder } from '../releases/ensure.ts';

export async function fetchRelease(
  core: Core,
  target: Target,
  { version, from, actor, signal = new AbortController().signal }: Parameters<StoredReleases['fetch']>[0],
): Promise<Result<string>> {
  if (!isVersion(version))
    return refuse(
      'text-invalid',
      `${JSON.stringify(version.slice(0, 64))} is no version`,
      'Only letters, digits and ._+-.',
    );
  const build = buildOf(core.store.db, target.key.service, version);
  const source = from ?? build?.artifact;
  if (!source)
    return refuse(
      'release-unknown',
      `CI has announced no ${version} of ${target.key.service}`,
      'Say where it is, with --from.',
    );
  return core.mutex(`release ${releaseFolder(target, version)}`, async () => {
    if (isThere(target, version))
      return refuse('not-allowed-now', `${version} is already in its folder`, 'A version is immutable.');
    try {
      const {
        files,
        bytes,
        source: place,
      } = await ensureRelease({
        core,
        store: core.store,
        target,
        version,
        from: { source, commit: from ? undefined : build?.commit },
        token: tokenByHand(),
        actor: actorName(actor),
        signal,
      });
      return ok(`${target.key.service} ${version} fetched from ${place}: ${files} files, ${sizeText(bytes)}`);
    } catch (thrown) {
      if (!(thrown instanceof BlueGreenError)) throw thrown;
      return refuse('artifact-refused', thrown.message, thrown.help);
    }
  });
}
