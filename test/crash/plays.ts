// Which points are tried in one play. Several controllers may die in one, each at its point, if each point is certain to
// come, and to come once: then the next controller counts it as the first one did.

import type { Moment } from './moments.ts';
import type { Point } from './points.ts';

/** One play of a scenario, in which one controller after the other dies. */
export interface Play {
  readonly points: readonly Point[];
}

/** What comes in every play, unlike a row about health, or a load balancer that is asked whether it lives. */
const isCertain = ({ name }: Point): boolean =>
  /step-|undo-|inside|routing|call .* in |slot-claimed|planned/.test(name) && !name.includes('balancer.ensure');

/** In the order of the points. */
export const chainable = (points: readonly Point[], moments: readonly Moment[]): readonly Point[] =>
  points.filter(
    (point) => isCertain(point) && !moments.some(({ label, nth }) => label === point.order.label && nth > 1),
  );

export function playsOf(points: readonly Point[], moments: readonly Moment[], most: number): readonly Play[] {
  const chain = chainable(points, moments);
  const alone = points.filter((point) => !chain.includes(point));
  return [...spread(chain, most), ...alone.map((point) => ({ points: [point] }))];
}

/** Neighbours are tried in different plays, so that one death does not hide the next. */
function spread(points: readonly Point[], most: number): readonly Play[] {
  const count = Math.ceil(points.length / most);
  return Array.from({ length: count }, (_, first) => ({ points: points.filter((_, at) => at % count === first) }));
}
