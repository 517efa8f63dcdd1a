// Where a demonstration keeps its files. Sockets have at most 107 bytes of path, so a deep repository makes way.

import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export interface Places {
  readonly folder: string;
  readonly config: string;
  readonly state: string;
  readonly releases: string;
  /** Orders that the shop took. */
  readonly ledger: string;
  /** The shop's own. */
  readonly database: string;
  readonly botLog: string;
  readonly hooksLog: string;
  /** What the simulated CI built: nothing of it is in `releases` before it is fetched. */
  readonly built: string;
  /** Everything that the bot and the Slack simulator sent to each other. */
  readonly journal: string;
}

/** The engine's own limit for its state folder. */
const maxStateBytes = 60;

export function placesIn(folder: string): Places {
  return {
    folder,
    config: join(folder, 'bluegreen.yaml'),
    state: join(folder, 'state'),
    releases: join(folder, 'releases'),
    ledger: join(folder, 'ledger'),
    database: join(folder, 'shop.sqlite'),
    botLog: join(folder, 'slack-bot.log'),
    hooksLog: join(folder, 'webhook.log'),
    built: join(folder, 'built'),
    journal: join(folder, 'slack-journal.jsonl'),
  };
}

/**
 * `.bluegreen` of the repository; of the system's temporary folder when that path is too long for sockets. `kind`: one
 * for each way in which the shop runs, as the state of one is not the other's.
 */
export function demonstrationFolder(repository: string, kind: '' | '-docker' = ''): string {
  const own = join(repository, `.bluegreen${kind}`);
  if (Buffer.byteLength(placesIn(own).state) <= maxStateBytes) return own;
  const name = createHash('sha256').update(`${repository}${kind}`).digest('hex').slice(0, 8);
  return join(tmpdir(), `bluegreen-${userInfo().username.slice(0, 12)}-${name}`);
}
