// The schema of a service's database: how far each migration is, and what waits for a person.

import type { SchemaView } from '@bg/engine';
import { countText } from '../amounts.ts';
import { type Html, html } from '../html.ts';

const shownAtMost = 30;

export function schemaPart(schema: SchemaView | undefined): Html | undefined {
  if (schema === undefined) return undefined;
  const { kind, version, migrations, toFill, toContract, filling, held, problems, contract } = schema;
  const waits = [
    toFill.length > 0 && html`<li>${toFill.length} to fill: ${toFill.join(', ')}</li>`,
    toContract.length > 0 &&
      html`<li>${toContract.length} to contract, which a person asks for: ${toContract.join(', ')}</li>`,
    filling && html`<li>filling now</li>`,
    held && html`<li>the backfill is held: ${held.reason}</li>`,
    contract?.next !== undefined && html`<li>contract ${contract.id}: ${contract.next}</li>`,
  ];
  return html`<details class="schema"${problems.length > 0 && html` open`}><summary>Schema <span class="quiet">${kind}${version !== undefined && html`, compared with ${version}`}: ${schemaWords(schema)}</span></summary>
${problems.map((problem) => html`<p class="notice bad"><span class="sign" aria-hidden="true">✗</span> ${problem}</p>`)}
<ul>${waits}</ul>
${
  migrations.length > 0 &&
  html`<div class="scroll" tabindex="0" role="region" aria-label="Migrations"><table><thead><tr><th scope="col">Migration</th><th scope="col">State</th><th scope="col">Rows</th></tr></thead><tbody>${migrations
    .slice(-shownAtMost)
    .toReversed()
    .map(
      ({ id, state, rowsDone, rowsTotal }) =>
        html`<tr><th scope="row">${id}</th><td>${state}</td><td>${rowsDone === 0 ? '' : countText(rowsDone)}${rowsTotal !== undefined && rowsDone > 0 && html` of ${countText(rowsTotal)}`}</td></tr>`,
    )}</tbody></table></div>`
}
</details>`;
}

function schemaWords({ problems, toFill, toContract, migrations }: SchemaView): string {
  if (problems.length > 0) return 'needs a look';
  if (toFill.length > 0) return 'being filled';
  if (toContract.length > 0) return 'waits for a contract';
  return migrations.length === 0 ? 'no migrations' : 'up to date';
}
