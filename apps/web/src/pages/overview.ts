// The first page: every target, both sides of each.

import type { Engine } from '@bg/engine';
import { type Html, html } from '../html.ts';
import { notices } from '../parts/notices.ts';
import { targetCard } from '../parts/target-card.ts';
import { layout, type Site } from './layout.ts';

export function overview(engine: Pick<Engine, 'status' | 'timelines'>, site: Site): Html {
  const status = engine.status();
  const { targets } = status;
  const keys = targets.map(({ service, target }) => `target:${service}/${target}`);
  return layout(site, {
    title: 'Now',
    path: '/',
    charts: true,
    live: ['notices', ...keys],
    content: html`<h1 class="hidden">Now</h1>
${notices(status)}
<div class="targets">${targets.map((target) => targetCard(target, { base: site.base, trend: target.live && engine.timelines.trend(target.live.id) }))}</div>`,
  });
}
