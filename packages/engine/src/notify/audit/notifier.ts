// The audit log outside: each destination, and the file with the heads, has its own notifier; none waits for another.

import type { Engine } from '../../api/engine.ts';
import { shipConsumer } from '../../state/shipped.ts';
import type { Notifier } from '../notify.ts';
import { headsInto } from './heads.ts';
import { type Sender, senderTo } from './senders.ts';
import { type ShipParts, ship } from './ship.ts';

export interface AuditParts extends ShipParts {
  readonly engine: Pick<Engine, 'audit' | 'cursor' | 'moveCursor' | 'changed' | 'settings'>;
}

export function auditNotifiers(parts: AuditParts): readonly Notifier[] {
  const { audit, settings } = { audit: parts.engine.audit, settings: parts.engine.settings.audit };
  const ways = settings.ship.filter((each) => {
    const isMissing =
      each.driver === 'http' &&
      each.token !== undefined &&
      each.token.value === undefined &&
      each.token.file === undefined;
    if (isMissing)
      parts.log.error(
        `audit.ship: the variable of the token of ${each.name} is not set, so this process ships nothing there`,
      );
    return !isMissing;
  });
  const heads =
    settings.headsFile === undefined
      ? []
      : [
          headsInto({
            path: settings.headsFile,
            before: (seq) => audit.after(seq - 2, 1).find((row) => row.seq === seq - 1),
            remember: (row, place) => audit.publishHead(place, row),
          }),
        ];
  return [...ways.map(senderTo), ...heads].map((sender) => notifierOf(parts, sender));
}

const notifierOf = (parts: AuditParts, sender: Sender): Notifier => ({
  name: shipConsumer(sender.name),
  work: (signal) => ship(parts, sender, signal),
});
