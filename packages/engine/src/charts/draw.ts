// What draws a file is loaded when a file is wanted, and not with every command.

import type { TrendView } from '../api/trend.ts';

/** An SVG; undefined where nothing was answered. `title`: what was deployed where. */
export async function drawCharts(trend: TrendView, title: string): Promise<string | undefined> {
  const { chartsSvg } = await import('./svg.ts');
  return chartsSvg(trend, title);
}
