// The generated files of a HAProxy, for people who want to read or test them before they are in force.

import { mkdirSync } from 'node:fs';
import { BlueGreenError, hasCode, messageOf } from '../../lib/errors.ts';
import { readFileIfAny } from '../../lib/files.ts';
import type { GeneratedFile } from '../load-balancer.ts';
import { testAttached } from './attached.ts';
import { testManaged } from './managed.ts';
import type { Parts } from './parts.ts';
import { managedText } from './site.ts';

/** The key of shares, and what checks of instances send: a header may hold a password. */
const withoutSecrets = (text: string): string =>
  text
    .replaceAll(/(hmac\(sha2-256,)[^)]+/g, '$1-secret-')
    .replaceAll(/ hdr (?!host )(\S+) "(?:[^"\\]|\\.)*"/g, ' hdr $1 "-secret-"');

export function haproxyConfiguration({ place, site, settings, spec }: Parts): readonly GeneratedFile[] {
  const file = (path: string, text: string): GeneratedFile => {
    const present = readFileIfAny(path);
    const onDisk = present === undefined ? 'missing' : present === text ? 'same' : 'differs';
    return { path, text: withoutSecrets(text), onDisk };
  };
  const own = file(place.siteFile, site.text);
  if (settings.mode === 'attached') return [own];
  return [file(place.managedFile, managedText(place.runtimeSocket, spec.maxHeaderBytes)), own];
}

/** Called under the start lock, with the files that the text names in their places. @throws `balancer-refused`, `exec-not-found` */
export async function testHaproxyConfiguration(parts: Parts): Promise<void> {
  mkdirSync(parts.place.folder, { recursive: true });
  try {
    if (parts.settings.mode === 'attached') await testAttached(parts, parts.settings);
    else await testManaged(parts);
  } catch (thrown) {
    if (hasCode(thrown, 'exec-not-found')) throw thrown;
    throw new BlueGreenError('balancer-refused', `HAProxy refuses the configuration: ${messageOf(thrown)}`, {}, thrown);
  }
}
