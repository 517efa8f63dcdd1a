// Style sheet, script and chart library: read once, packed once, under an address that changes with their content.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { ownFile } from '@bg/engine';

export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
}

export interface Assets {
  /** By the name in the address. */
  readonly files: ReadonlyMap<string, Asset>;
  /** Part of the address. */
  readonly version: string;
}

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

const sources: readonly (readonly [name: string, type: string, path: string])[] = [
  ['web-page.css', style, '../page/web-page.css'],
  ['web-page.js', script, '../page/web-page.js'],
  ['idiomorph.min.js', script, '../../../node_modules/idiomorph/dist/idiomorph.min.js'],
  ['uPlot.iife.min.js', script, '../../../node_modules/uplot/dist/uPlot.iife.min.js'],
  ['uPlot.min.css', style, '../../../node_modules/uplot/dist/uPlot.min.css'],
];

export function readAssets(): Assets {
  const digest = createHash('sha256');
  const files = sources.map(([name, type, path]) => {
    const bytes = readFileSync(ownFile(import.meta.url, path));
    digest.update(bytes);
    return [name, { type, bytes, gzipped: gzipSync(bytes, { level: 9 }) }] as const;
  });
  return { files: new Map(files), version: digest.digest('hex').slice(0, 12) };
}
