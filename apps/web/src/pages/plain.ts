// Pages without content of their own: where a reader signs in, and what cannot be shown.

import { type Html, html } from '../html.ts';
import type { Site } from './layout.ts';

interface Plain {
  readonly title: string;
  readonly content: Html;
}

function plainPage({ base, assets }: Site, { title, content }: Plain): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title} · bluegreen</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><link rel="stylesheet" href="${base}/assets/${assets}/web-page.css"></head>
<body><main id="main" class="alone">${content}</main></body></html>`;
}

interface SigningIn {
  readonly site: Site;
  readonly takesToken: boolean;
  readonly isWrong: boolean;
  /** Where the reader wanted to go. */
  readonly path: string;
}

export function signInPage({ site, takesToken, isWrong, path }: SigningIn): Html {
  return plainPage(site, {
    title: 'Sign in',
    content: html`<h1>Sign in</h1>
${
  takesToken
    ? html`<form method="post" action="${site.base}/sign-in">
${isWrong && html`<p class="notice bad" id="wrong"><span class="sign" aria-hidden="true">✗</span> This token is wrong.</p>`}
<input type="hidden" name="to" value="${path}">
<label>Token <input type="password" name="token" required maxlength="1000" autocomplete="current-password" autofocus${isWrong && html` aria-describedby="wrong" aria-invalid="true"`}></label>
<button>Sign in</button>
<p class="quiet">It is <code>web.token</code> of the configuration.</p></form>`
    : html`<p>Open this page through the proxy that signs people in.</p>`
}`,
  });
}

export function problemPage(site: Site, title: string, sentence: string): Html {
  return plainPage(site, {
    title,
    content: html`<h1>${title}</h1><p>${sentence}</p><p><a href="${site.base}/">All targets</a></p>`,
  });
}
