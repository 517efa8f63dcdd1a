// The pages that messages link to. Never a link that acts: scanners of mail and previews of messages follow links.

import type { NotifySettings } from '../config/notify/settings.ts';
import type { Outbox } from '../domain/outbox.ts';

export interface Link {
  readonly label: string;
  readonly url: string;
}

/** The first of these messages that the Slack bot has posted, by its outbox key; otherwise the configured page. */
export function linkToCard(
  { workspace, link }: Pick<NotifySettings, 'workspace' | 'link'>,
  outbox: Pick<Outbox, 'reference'>,
  cardKeys: readonly string[],
): Link | undefined {
  const place = cardKeys.map((key) => placeOf(outbox.reference(key))).find((found) => found !== undefined);
  if (workspace !== undefined && place !== undefined)
    return { label: 'The card in Slack', url: `${workspace}/archives/${place.channel}/p${place.ts.replace('.', '')}` };
  return link === undefined ? undefined : { label: 'Deployments', url: link };
}

/** What the Slack bot stores with a message that it has posted. */
function placeOf(reference: unknown): { readonly channel: string; readonly ts: string } | undefined {
  if (typeof reference !== 'object' || reference === null) return undefined;
  const { channel, ts } = reference as { readonly channel?: unknown; readonly ts?: unknown };
  if (typeof channel !== 'string' || !/^[A-Z0-9]{3,30}$/.test(channel)) return undefined;
  return typeof ts === 'string' && /^\d{1,15}\.\d{1,9}$/.test(ts) ? { channel, ts } : undefined;
}
