// What every page has around its content.

import { type Html, type HtmlValue, html } from '../html.ts';

export interface Site {
  /** Path before every address, without a slash at its end. */
  readonly base: string;
  /** Of the style sheet and the scripts. */
  readonly assets: string;
  /** As the proxy names the reader. */
  readonly reader?: string | undefined;
}

interface Page {
  readonly title: string;
  /** `/history`: which entry of the menu it is. */
  readonly path: string;
  readonly content: HtmlValue;
  /** Keys of the parts that are kept up to date. */
  readonly live?: readonly string[];
  /** Charts are on it, or may come. */
  readonly charts?: boolean;
}

const menu = [
  ['/', 'Now'],
  ['/history', 'History'],
  ['/report', 'Report'],
  ['/audit', 'Audit log'],
] as const;

export function layout(
  { base, assets, reader }: Site,
  { title, path, content, live = [], charts = false }: Page,
): Html {
  const asset = (name: string): string => `${base}/assets/${assets}/${name}`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title} · bluegreen</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
${charts && html`<link rel="stylesheet" href="${asset('uPlot.min.css')}">`}
<link rel="stylesheet" href="${asset('web-page.css')}">
${charts && html`<script defer src="${asset('uPlot.iife.min.js')}"></script>`}
${live.length > 0 && html`<script defer src="${asset('idiomorph.min.js')}"></script>`}
<script defer src="${asset('web-page.js')}"></script>
</head><body data-events="${live.length > 0 && `${base}/api/events?${live.map((key) => `watch=${encodeURIComponent(key)}`).join('&')}`}">
<a class="skip" href="#main">Skip to content</a>
<header class="top"><a class="brand" href="${base}/"><span class="dot blue" aria-hidden="true"></span><span class="dot green" aria-hidden="true"></span> bluegreen</a>
<nav aria-label="Pages"><ul>${menu.map(([to, name]) => html`<li><a href="${base}${to}"${to === path && html` aria-current="page"`}>${name}</a></li>`)}</ul></nav>
<p class="connection" role="status" aria-live="polite" data-connection>${reader !== undefined && html`<span class="quiet">${reader}</span>`}</p></header>
<main id="main" tabindex="-1">
${content}
</main></body></html>`;
}

/** A choice of a filter; the first one is "all". */
export function choice(options: {
  readonly name: string;
  readonly label: string;
  readonly all: string;
  readonly values: readonly string[];
  readonly chosen: string | undefined;
}): Html {
  const { name, label, all, values, chosen } = options;
  return html`<label>${label} <select name="${name}"><option value="">${all}</option>${values.map((value) => html`<option${value === chosen && html` selected`}>${value}</option>`)}</select></label>`;
}

export function field(options: {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly hint?: string;
}): Html {
  const { name, label, value, hint } = options;
  return html`<label>${label} <input name="${name}" value="${value}" placeholder="${hint}" maxlength="200" autocomplete="off"></label>`;
}

interface Paging {
  readonly page: number;
  readonly pages: number;
  /** The address of a page. */
  readonly to: (page: number) => string;
}

export function paging({ page, pages, to }: Paging): Html | undefined {
  if (pages <= 1) return undefined;
  return html`<nav class="paging" aria-label="More">${page > 1 && html`<a rel="prev" href="${to(page - 1)}">← Newer</a>`} <span>Page ${page} of ${pages}</span> ${page < pages && html`<a rel="next" href="${to(page + 1)}">Older →</a>`}</nav>`;
}
