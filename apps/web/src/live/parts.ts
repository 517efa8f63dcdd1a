// The parts of pages that are kept up to date while people look, by the key that the page names them with.

import type { Engine, TargetView } from '@bg/engine';
import type { Html } from '../html.ts';
import { timelineBody } from '../pages/deployment.ts';
import { notices } from '../parts/notices.ts';
import { targetCard } from '../parts/target-card.ts';

type Reading = Pick<Engine, 'status' | 'timelines'>;

const noticesKey = 'notices';
const targetKey = ({ service, target }: Pick<TargetView, 'service' | 'target'>): string =>
  `target:${service}/${target}`;

export function drawParts(engine: Reading, base: string, keys: ReadonlySet<string>): ReadonlyMap<string, Html> {
  const drawn = new Map<string, Html>();
  const wanted = [...keys];
  if (wanted.some((key) => key === noticesKey || key.startsWith('target:'))) {
    const status = engine.status();
    drawn.set(noticesKey, notices(status));
    for (const target of status.targets)
      if (keys.has(targetKey(target)))
        drawn.set(
          targetKey(target),
          targetCard(target, { base, trend: target.live && engine.timelines.trend(target.live.id) }),
        );
  }
  for (const key of wanted.filter((each) => each.startsWith('deployment:'))) {
    const timeline = engine.timelines.of(key.slice('deployment:'.length));
    if (timeline) drawn.set(key, timelineBody(timeline, base));
  }
  return drawn;
}
