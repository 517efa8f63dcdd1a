// `npm start -- --docker`: the shop runs in containers, and what it writes to is seen in them at the same path.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Containers } from '../stack/demo-config.ts';
import { type Places, placesIn } from '../stack/places.ts';
import type { Daemon } from './daemon.ts';
import { buildNodeImage, isBuilt, nodeImage } from './node-image.ts';

const buildLimitMs = 180_000;

/** The database has a folder to itself: SQLite keeps files beside it. */
export function placesWithContainers(folder: string): Places {
  const places = placesIn(folder);
  return { ...places, database: places.database.replace(/([^/]+)$/, 'database/$1') };
}

/** Builds the image where it is not there yet. @throws Error with what the daemon said */
export async function makeContainers(
  { docker, address, network, user }: Daemon,
  { ledger, database }: Places,
  { say, signal }: { readonly say: (sentence: string) => void; readonly signal: AbortSignal },
): Promise<Containers> {
  if (!(await isBuilt(docker))) {
    say(`Building the image ${nodeImage} from this Node (once) …`);
    await buildNodeImage(docker, AbortSignal.any([signal, AbortSignal.timeout(buildLimitMs)]));
  }
  const folders = [ledger, dirname(database)];
  // Docker would make a folder that is missing, as root.
  for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { address, network, user, image: nodeImage, folders };
}
