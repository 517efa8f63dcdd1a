// One target: as on the first page, and its last deployments.

import type { Engine, TargetView } from '@bg/engine';
import { type Html, html } from '../html.ts';
import { targetCard } from '../parts/target-card.ts';
import { historyTable } from './history.ts';
import { layout, type Site } from './layout.ts';

const shown = 10;

export function targetPage(engine: Pick<Engine, 'history' | 'timelines'>, target: TargetView, site: Site): Html {
  const history = engine.history(target, shown);
  const { service, target: place, name } = target;
  return layout(site, {
    title: name,
    path: '/targets',
    charts: true,
    live: [`target:${service}/${place}`],
    content: html`<h1 class="hidden">${name}</h1>
${targetCard(target, { base: site.base, trend: target.live && engine.timelines.trend(target.live.id) })}
<section><h2>Last deployments</h2>
${historyTable(history.ok ? history.value : [], site.base)}
<p><a href="${site.base}/history?place=${encodeURIComponent(`${service}/${place}`)}">All deployments of ${name}</a></p></section>`,
  });
}
