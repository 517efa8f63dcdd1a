// Asks the authors of a release for a quick look, once per deployment and person, as soon as it has its first users.

import type { DeploymentView, Engine } from '@bg/engine';
import { canLook } from '../cards/look-card.ts';
import { authorIn } from '../cards/people-formatter.ts';
import { type Payloads, transport } from '../outbox/messages.ts';

/** More than these would be a crowd. */
const mostAuthors = 10;

export function askAuthors({ outbox, builds, settings }: Engine, view: DeploymentView): void {
  if (view.mode !== 'deploy' && view.mode !== 'redeploy') return;
  const isOpen = canLook(view);
  for (const user of authorsOf({ builds, settings }, view)) {
    const key = `look:${view.id}:${user}`;
    if (outbox.has(key)) outbox.again(key);
    else if (isOpen) {
      const payload: Payloads['look'] = { deploymentId: view.id, user };
      outbox.put({ key, transport, kind: 'look', payload, urgent: true });
    }
  }
}

function authorsOf({ builds, settings }: Pick<Engine, 'builds' | 'settings'>, view: DeploymentView): readonly string[] {
  const authors = builds.ofVersion(view.service, view.version)?.authors ?? [];
  const users = authors.flatMap((author) => authorIn(settings.people, author)?.slack ?? []);
  return [...new Set(users)].slice(0, mostAuthors);
}
