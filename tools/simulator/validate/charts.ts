// `data_visualization`: Slack's native charts. Its limits are those of Slack's reference and of apps that met them.
import { isRecord, type Json } from '../json.ts';
import { complain, list, object, type Report, string } from './report.ts';

const MOST_CHARTS = 2;

export function chart(report: Report, block: Json, pointer: string): void {
  string(report, block, pointer, { key: 'title', max: 50, required: true });
  const place = `${pointer}/chart`;
  if (!isRecord(block.chart)) {
    complain(report, pointer, 'missing required field: chart');
    return;
  }
  const type = String(block.chart.type);
  if (type === 'pie') pie(report, block.chart, place);
  else if (['line', 'bar', 'area'].includes(type)) lines(report, block.chart, place);
  else complain(report, `${place}/type`, 'must be one of line, bar, area, pie');
}

function lines(report: Report, owner: Json, place: string): void {
  object(report, owner, place, 'type series axis_config');
  const categories = axis(report, owner, place);
  const names = new Set<unknown>();
  list(report, owner, place, { key: 'series', max: 6 }).forEach((value, index) => {
    const at = `${place}/series/${index}`;
    const one = object(report, value, at, 'name data');
    if (one === undefined) return;
    string(report, one, at, { key: 'name', max: 20, required: true });
    if (names.has(one.name)) complain(report, `${at}/name`, `name \`${String(one.name)}\` already exists`);
    names.add(one.name);
    points(report, one, at, categories);
  });
}

/** Charts in a message, for which Slack has a limit of its own. */
export function countCharts(report: Report, blocks: readonly unknown[]): void {
  const charts = blocks.filter((block) => isRecord(block) && block.type === 'data_visualization');
  if (charts.length > MOST_CHARTS) complain(report, '/blocks', `no more than ${MOST_CHARTS} data_visualization blocks`);
}

function axis(report: Report, owner: Json, pointer: string): readonly unknown[] {
  const place = `${pointer}/axis_config`;
  if (!isRecord(owner.axis_config)) {
    complain(report, pointer, 'missing required field: axis_config');
    return [];
  }
  const config = owner.axis_config;
  object(report, config, place, 'categories x_label y_label');
  for (const key of ['x_label', 'y_label']) string(report, config, place, { key, max: 50 });
  const categories = list(report, config, place, { key: 'categories', max: 20 });
  categories.forEach((label, index) => {
    string(report, { label }, `${place}/categories/${index}`, { key: 'label', max: 20, required: true });
  });
  if (new Set(categories).size !== categories.length)
    complain(report, `${place}/categories`, 'categories must be unique');
  return categories;
}

function points(report: Report, series: Json, pointer: string, categories: readonly unknown[]): void {
  const data = list(report, series, pointer, { key: 'data', max: 20 });
  data.forEach((value, index) => {
    const at = `${pointer}/data/${index}`;
    const one = object(report, value, at, 'label value');
    if (one === undefined) return;
    if (one.label !== categories[index]) complain(report, `${at}/label`, 'must match the categories of the axis');
    if (!Number.isFinite(one.value)) complain(report, `${at}/value`, 'must provide a finite number');
  });
  if (data.length !== categories.length)
    complain(report, `${pointer}/data`, `must have ${categories.length} items, one for each category`);
}

function pie(report: Report, owner: Json, pointer: string): void {
  object(report, owner, pointer, 'type segments');
  list(report, owner, pointer, { key: 'segments', max: 6 }).forEach((value, index) => {
    const at = `${pointer}/segments/${index}`;
    const one = object(report, value, at, 'label value');
    if (one === undefined) return;
    string(report, one, at, { key: 'label', max: 20, required: true });
    if (!(Number(one.value) > 0 && Number.isFinite(one.value))) complain(report, `${at}/value`, 'must be more than 0');
  });
}
