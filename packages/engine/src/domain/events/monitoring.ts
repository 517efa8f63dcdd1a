// What monitoring systems asked for.

import { count, oneOf, optional, type Shape, text } from './shape.ts';

const act = oneOf('rollback', 'pause', 'lock');
const call = { caller: text, act, alert: text, startsAt: optional(count) } as const satisfies Shape;

export const monitoringEvents = {
  'monitor-called': call,
  'monitor-waits': { caller: text, act, alert: text, dueAt: count },
  'monitor-lifted': call,
} as const satisfies Readonly<Record<string, Shape>>;
