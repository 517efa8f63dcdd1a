// The user's own instances: one included file and the routing map are ours, nothing else is touched. The user's commands
// check and reload; a file that is refused is stored next to it, and the one before it stays in place.

import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { poll } from '../../lib/poll.ts';
import { noteLeaving } from './leaving.ts';
import type { AttachedSettings } from './options.ts';
import type { Parts } from './parts.ts';

const commandLimitMs = 60_000;
const followLimitMs = 15_000;
const filePlace = '{file}';

/** Called under the start lock. @throws `balancer-refused`, `balancer-unsettled`, `balancer-unreachable` */
export async function ensureAttached(parts: Parts, settings: AttachedSettings): Promise<void> {
  const { place, site, log, spec } = parts;
  if (readFileIfAny(place.siteFile) === site.text && (await laggards(parts)).length === 0) return;
  await check(parts, settings);
  writeFileAtomic(place.siteFile, site.text, 0o644);
  const answered = await Promise.all(
    parts.nodes.map(({ runtime }) =>
      runtime.status().then(
        () => true,
        () => false,
      ),
    ),
  );
  if (answered.includes(true)) noteLeaving(place.leavingFile, undefined, parts.clock);
  await reload(settings);
  const behind = await waitForAll(parts);
  log.info({ service: spec.service, target: spec.target, behind }, 'load balancer was given our file and reloaded');
  // A node that is down follows when it comes: it reads the same file then.
  if (behind.length === parts.nodes.length)
    throw new BlueGreenError(
      'balancer-unsettled',
      `no HAProxy runs the new configuration after ${settings.reload.join(' ')}; is ${place.siteFile} included, and are the sockets right?`,
    );
}

async function check(parts: Parts, settings: AttachedSettings): Promise<void> {
  const { place, site } = parts;
  try {
    await testAttached(parts, settings);
  } catch (thrown) {
    const said = messageOf(thrown);
    writeFileAtomic(`${place.siteFile}.refused`, `${said.replaceAll(/^/gm, '# ')}\n${site.text}`, 0o644);
    throw new BlueGreenError(
      'balancer-refused',
      `HAProxy refuses the configuration, stored as ${place.siteFile}.refused: ${said}`,
      {},
      thrown,
    );
  }
}

/** Runs the user's own command on a file next to ours. @throws its message */
export async function testAttached({ place, site }: Parts, settings: AttachedSettings): Promise<void> {
  const candidate = `${place.siteFile}.next`;
  writeFileAtomic(candidate, site.text, 0o644);
  const argv = settings.check.map((part) => part.replaceAll(filePlace, candidate));
  await run({ argv: argv as [string, ...string[]], timeoutMs: commandLimitMs });
}

async function reload({ reload }: AttachedSettings): Promise<void> {
  await run({ argv: reload, timeoutMs: commandLimitMs });
}

async function waitForAll(parts: Parts): Promise<readonly string[]> {
  let behind: readonly string[] = [];
  const follow = async () => {
    behind = await laggards(parts);
    return behind.length === 0;
  };
  await poll(follow, { clock: parts.clock, everyMs: 50, limitMs: followLimitMs });
  return behind;
}

async function laggards({ nodes, site }: Parts): Promise<readonly string[]> {
  const digests = await Promise.all(
    nodes.map(({ runtime }) =>
      runtime.status().then(
        ({ digest }) => digest,
        () => undefined,
      ),
    ),
  );
  return nodes.filter((_, at) => digests[at] !== site.digest).map(({ name }) => name);
}
