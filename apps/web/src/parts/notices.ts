// What concerns all targets: which process drives, and warnings.

import type { StatusView } from '@bg/engine';
import { type Html, html } from '../html.ts';

export function notices({ driver, warnings }: Pick<StatusView, 'driver' | 'warnings'>): Html {
  return html`<div id="notices" data-live="notices">
${driver === undefined && html`<p class="notice warn"><span class="sign" aria-hidden="true">!</span> No process drives deployments: a waiting one does not move. Start the bot, or <code>bg drive</code>.</p>`}
${warnings.map((warning) => html`<p class="notice warn"><span class="sign" aria-hidden="true">!</span> ${warning}</p>`)}
</div>`;
}
