// `--chart <file>`: the charts of a deployment as an SVG file.

import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { drawCharts, messageOf, type TimelineView } from '@bg/engine';
import { usageError } from '../usage.ts';

/** @throws the usage error of a name that is no SVG file */
export function readChartFile(file: string): string {
  if (extname(file).toLowerCase() !== '.svg')
    throw usageError(
      `--chart "${file}" must end in .svg, the only format that is drawn.`,
      'bg show latest --chart canary.svg',
    );
  return file;
}

/** @returns what was done, for people. An earlier file of the name is replaced. */
export async function writeChart({ name, version, from, trend }: TimelineView, file: string): Promise<string> {
  const change = from === undefined ? version : `${from} → ${version}`;
  const svg = trend && (await drawCharts(trend, `${name} ${change}`));
  if (svg === undefined) return `No chart: no user was on ${version} while both sides were counted.`;
  try {
    await writeFile(file, svg);
  } catch (thrown) {
    throw usageError(`The chart cannot be written: ${messageOf(thrown)}`);
  }
  return `Wrote the charts of ${name} ${change} to ${file}`;
}
