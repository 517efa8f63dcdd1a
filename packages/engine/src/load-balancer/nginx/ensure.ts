// Starts nginx with the wanted configuration, whatever is there: nothing, an earlier configuration, or workers whose
// master was killed. The routing on the disk stays as it is; without any, nginx begins and serves no user.

import { statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { withFileLock } from '../../lib/file-lock.ts';
import { readFileIfAny } from '../../lib/files.ts';
import type { GeneratedFile } from '../load-balancer.ts';
import { createAsker } from './ask.ts';
import { ensureOpen } from './closing.ts';
import { readPresent, writeGeneration } from './generations.ts';
import { followed, forgetOldReload, reloadGently } from './gentle-reload.ts';
import { warnOfHiddenHeaders } from './operator-headers.ts';
import type { NginxParts } from './parts.ts';
import { ensureBucketFiles, ensureFolders, type NginxPlaces } from './places.ts';
import { orphansOf } from './process-of.ts';
import { mainText, siteText } from './site.ts';
import { explained, openFilesLimit, whyClosed, workerUser } from './worker-user.ts';

/** A gentle reload takes half a minute at most, and what comes before and after it less than that. */
const longestMs = 90_000;

/** @throws `config-refused`, `port-in-use`, `balancer-unreachable`, `balancer-unsettled`, `lease-held` */
export async function ensureNginx(parts: NginxParts): Promise<void> {
  const { places, clock } = parts;
  ensureFolders(places);
  ensureBucketFiles(places, parts.bucketFiles());
  beginRouting(places);
  forgetOldReload(places.routing, clock);
  ensureOpen(places.routing);
  if (!(await isUp(parts)))
    await withFileLock({ path: join(places.folder, 'ensure.lock'), clock, holdMs: longestMs }, async () => {
      if (!(await isUp(parts))) await ensureUp(parts);
    });
  await parts.health.ensure();
  await refuseClosedFolder(parts);
}

/** Found before the first release is live, so that users do not meet the problem. */
async function refuseClosedFolder({ asker, places }: NginxParts): Promise<void> {
  if (whyClosed(places.routing) === undefined) return;
  await asker.routing().catch((thrown: unknown) => {
    throw explained(places.routing, thrown);
  });
}

/** For people who want to read it: the wanted text, without the token of the preview and the nonce. */
export function nginxConfiguration(parts: NginxParts): readonly GeneratedFile[] {
  const { node, site, spec } = parts;
  const preview = spec.preview && { ...spec.preview, token: '-secret-' };
  const { tls, headers } = parts.settings;
  const shown = siteText({ ...parts, spec: { ...spec, preview }, nonce: '-secret-', tls, headers });
  const text = configText({ ...parts, site: { ...shown, text: shown.text.replaceAll(shown.digest, site.digest) } });
  const present = readFileIfAny(node.config);
  const onDisk = present === undefined ? 'missing' : isEdited(parts, present) ? 'differs' : 'same';
  return [{ path: node.config, text, onDisk }];
}

export async function testNginxConfiguration(parts: NginxParts): Promise<void> {
  ensureFolders(parts.places);
  ensureBucketFiles(parts.places, parts.bucketFiles());
  await parts.node.test(configText(parts));
}

/** With the whole text in its file: a person may have added to it, and nginx would read that at its next start. */
async function isUp(parts: NginxParts): Promise<boolean> {
  const { node } = parts;
  return node.whole() && !isEdited(parts, readFileIfAny(node.config)) && (await follows(parts));
}

async function follows({ asker, site }: NginxParts): Promise<boolean> {
  return (await asker.settings().catch(() => undefined)) === site.digest;
}

async function ensureUp(parts: NginxParts): Promise<void> {
  const { places, node, asker, site, log, spec, settings, clock } = parts;
  const name = { service: spec.service, target: spec.target, nginx: settings.mode };
  const before = readFileIfAny(node.config);
  const text = configText(parts);
  // nginx tests the text before any process is ended, and a refused one leaves the file as it is.
  if (before !== text) await node.replaceConfig(text);
  if (isEdited(parts, before) && (before?.includes(site.digest) || (await follows(parts))))
    log.warn({ ...name, file: node.config }, 'the configuration file was changed by hand, and is written again');
  if (await runs(parts, before)) {
    const { digest } = site;
    await warnOfHiddenHeaders(parts);
    await reloadGently({ node, asker, routing: places.routing, digest, before: askerOf(parts, before), clock });
    log.info(name, 'nginx follows its changed configuration');
    return;
  }
  await node.start();
  // An attached nginx was only asked to read its files again.
  if (settings.mode === 'attached') await followed(asker, site.digest, clock);
  await warnOfHiddenHeaders(parts);
  log.info(name, 'nginx started');
  if (settings.mode === 'managed' && orphansOf(places).length > 0)
    log.warn(name, 'workers of a killed nginx are ending; a connection they had not answered yet may have been lost');
}

/** What depends on who started this process, and not on the configuration, is no edit: two engines' processes may differ. */
function isEdited(parts: NginxParts, present: string | undefined): boolean {
  if (present === undefined) return true;
  const isOurs = statSync(parts.node.config, { throwIfNoEntry: false })?.uid === process.getuid?.();
  return withoutLimits(present, isOurs) !== withoutLimits(configText(parts), isOurs);
}

function withoutLimits(text: string, isOurs: boolean): string {
  const unlimited = text.replace(/^worker_rlimit_nofile \d+;$/m, '').replace(/^ {4}worker_connections \d+;$/m, '');
  return isOurs ? unlimited : unlimited.replace(/^user (?:root|nobody(?: nogroup)?);\n/m, '');
}

function configText({ settings, spec, places, site }: NginxParts): string {
  if (settings.mode === 'attached') return site.text;
  return mainText({ spec, places }, site, { user: workerUser(places.routing), openFiles: openFilesLimit() });
}

/** An attached nginx runs when it answers, with whatever configuration of ours; a managed one when its master lives. */
async function runs(parts: NginxParts, before: string | undefined): Promise<boolean> {
  if (!parts.node.whole()) return false;
  if (parts.settings.mode === 'managed') return true;
  const answers = await askerOf(parts, before)
    .settings()
    .catch(() => undefined);
  return answers !== undefined;
}

/** Asks where the configuration before this one listens. */
function askerOf({ nonce, spec, asker }: NginxParts, before: string | undefined) {
  const listen = /^\s*listen (\S+) deferred/m.exec(before ?? '')?.[1];
  return listen === undefined
    ? asker
    : createAsker({
        entrypoint: `http://${listen.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]')}`,
        nonce,
        spec,
      });
}

/** Needs no fence: making a link fails where one exists. */
function beginRouting({ routing }: NginxPlaces): void {
  if (readPresent(routing).kind !== 'none') return;
  const nobody = { generation: 0, active: undefined, canary: undefined, preview: undefined };
  const target = writeGeneration(routing, { routing: nobody, fence: 0 });
  try {
    symlinkSync(target, join(routing, 'current'));
  } catch (thrown) {
    if (!messageOf(thrown).includes('EEXIST')) throw thrown;
  }
}
