// Slack's native charts. A workspace that does not know the block refuses the whole message (`invalid_blocks`), so a card
// must say the same without them: see `withoutCharts` and outbox/newer-blocks.ts.

import type { Chart } from '@bg/engine';
import type { Block, Card, CardBlock, ChartBlock } from './blocks.ts';
import { cut, plain } from './text.ts';

/** What Slack takes: labels, names, titles, and charts in a message. */
export const chartLimits = { categories: 20, label: 20, name: 20, title: 50, charts: 2 } as const;

const titles: Readonly<Record<Chart['metric'], string>> = { errors: 'Errors, %', p99: 'Latency p99, ms' };

export function chartBlock(chart: Chart, blockId: string): ChartBlock {
  const categories = categoriesOf(chart);
  return {
    type: 'data_visualization',
    block_id: cut(`chart-${chart.metric}:${blockId}`, 255),
    title: cut(`${titles[chart.metric]}${endText(chart)}`, chartLimits.title),
    chart: {
      type: 'line',
      series: chart.series.map(({ name, values }) => {
        const known = withoutGaps(values);
        return {
          name: plain(name, chartLimits.name),
          data: categories.map((label, index) => ({ label, value: rounded(known[index] ?? 0) })),
        };
      }),
      axis_config: { categories, x_label: 'since the first user, with the share of users', y_label: chart.unit },
    },
  };
}

function endText({ decision }: Chart): string {
  if (decision === undefined) return '';
  return ` (${decision.kind === 'promoted' ? 'promoted' : 'taken back'} at ${decision.label})`;
}

/** `0:45 10%`: the share is in the label where it changes, since a chart has no second axis. */
const categoriesOf = ({ labels, percents }: Chart): readonly string[] =>
  labels.map((label, index) =>
    cut(percents[index] === percents[index - 1] ? label : `${label} ${percents[index]}%`, chartLimits.label),
  );

/** Slack wants a number everywhere: where nothing is known, the line goes on at the last known height. */
function withoutGaps(values: readonly (number | undefined)[]): readonly (number | undefined)[] {
  let last = values.find((value) => value !== undefined);
  return values.map((value) => {
    last = value ?? last;
    return last;
  });
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

const isPlain = (block: CardBlock): block is Block => block.type !== 'data_visualization';

export const hasCharts = ({ blocks }: Card): boolean => !blocks.every(isPlain);

/** For a workspace that does not know them, and for dialogs. The small trend and the numbers stay. */
export const withoutCharts = ({ text, blocks }: Card) => ({ text, blocks: blocks.filter(isPlain) });
