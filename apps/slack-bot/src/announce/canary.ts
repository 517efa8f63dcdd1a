// What a canary makes in addition to its card: a question to its authors while it runs, and its charts when it has ended.

import type { DeploymentView, Engine } from '@bg/engine';
import { putOnce } from '../outbox/messages.ts';
import { askAuthors } from './looks.ts';

export function announceCanary(engine: Engine, view: DeploymentView): void {
  askAuthors(engine, view);
  if (view.outcome !== undefined && engine.timelines.trend(view.id) !== undefined)
    putOnce(engine.outbox, { key: `chart:${view.id}`, kind: 'chart', payload: { deploymentId: view.id } });
}
