// The deployment that a person means.

import { ok, type Result, refuse } from '../../../domain/refusal.ts';
import { inertText } from '../../../lib/foreign-text.ts';
import { type DeploymentRow, deploymentsByPrefix, readDeployment } from '../../../state/deployments.ts';
import type { Core } from '../../core.ts';

/** So many are named where a beginning fits several. */
const mostNamed = 5;

/** By its id or the beginning of it. */
export function deploymentNamed(core: Core, word: string): Result<DeploymentRow> {
  const known = readDeployment(core.store.db, word);
  if (known) return ok(known);
  const found = word === '' ? [] : deploymentsByPrefix(core.store.db, word, mostNamed + 1);
  const shown = inertText(word).slice(0, 40);
  const [only, other] = found;
  if (only && !other) return ok(only);
  if (!only)
    return refuse(
      'no-such-deployment',
      `there is no deployment "${shown}"`,
      'See bg history for the ones there are; "latest" is the last one of a target.',
    );
  const names = found.slice(0, mostNamed).map(({ id, version }) => `${id} (${version})`);
  return refuse(
    'no-such-deployment',
    `"${shown}" fits several deployments: ${names.join(', ')}${found.length > mostNamed ? ', …' : ''}`,
    'Give more of the id.',
  );
}
