// Requests that wait, until each begins or ends in another way.

import { count, orNull, type Shape, text } from './shape.ts';

const request = { request: text, version: text, requestedBy: text } as const satisfies Shape;

export const waitingEvents = {
  'deployment-queued': { request: text, version: text, dueAt: orNull(count) },
  'deployment-scheduled': { request: text, version: text, dueAt: orNull(count) },
  'request-cancelled': request,
  'request-refused': request,
  'request-missed': request,
  'request-first': request,
} as const satisfies Readonly<Record<string, Shape>>;
