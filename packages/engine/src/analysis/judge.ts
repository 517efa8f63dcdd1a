// The judge: counts in, verdict out. Pure, so that a better method can replace it behind the same interface.

import {
  allOf,
  areToldApart,
  drawnOf,
  failingShare,
  type Group,
  knownOf,
  once,
  type Part,
  type Sides,
  spread,
  towards,
} from './clients.ts';

export type Verdict = 'Successful' | 'Failed' | 'Inconclusive' | 'Error';

export interface Judgement {
  readonly verdict: Verdict;
  /** One sentence with the numbers it rests on. */
  readonly sentence: string;
  /** Of the comparison, where it failed: `error-rate`, `p99`, … */
  readonly metric?: string;
}

export interface JudgeRules {
  readonly minRequests: number;
  /** 0.05 is 5 %. */
  readonly maxErrorRate: number;
}

export const percentText = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;

/**
 * Absence of data is never a success: fewer than `minRequests` on the canary are `Inconclusive`. The judge uses only
 * the users who keep their bucket where they are enough. It adds the requests that drew a bucket only where they are
 * not, since one client may make any number of them. Chance gives those requests to both sides, so what they do to both
 * says nothing about one. No client counts as more than one: see clients.ts.
 */
export function judge(sides: Sides, rules: JudgeRules): Judgement {
  const { minRequests, maxErrorRate } = rules;
  const isApart = areToldApart(sides);
  const weigh = weigher(isApart, maxErrorRate);
  const [allCanary, allKnown] = [allOf(sides.canary), knownOf(sides.canary)];
  const isKnownEnough = enough(allKnown, isApart) >= minRequests;
  const group = isKnownEnough ? allKnown : allCanary;
  const seen = enough(group, isApart);
  if (seen < minRequests) return { verdict: 'Inconclusive', sentence: tooFew(group, seen, minRequests) };
  const known = weigh(allKnown, knownOf(sides.stable));
  const drawn = weigh(drawnOf(sides.canary), drawnOf(sides.stable));
  const all = weigh(allCanary, allOf(sides.stable));
  const judged = isKnownEnough ? known : all;
  const leftOut =
    isKnownEnough && drawnOf(sides.canary).requests > 0 ? `; ${withoutCookie(drawnOf(sides.canary))} are left out` : '';
  const numbers = `${errorsOf(judged.canary)} (${ratesOf(judged)})${leftOut}${remark(group, judged.canary, isApart)}`;
  const tooMany = `more than ${percentText(maxErrorRate)} is a failure`;
  if (rateOf(known.canary) > maxErrorRate && isKnownEnough)
    return ofSeveral(group, isApart, { verdict: 'Failed', sentence: `${numbers}; ${tooMany}` });
  const isControlled = drawnOf(sides.stable).requests >= minRequests;
  if (
    drawnOf(sides.canary).requests >= minRequests &&
    isControlled &&
    excessRate(drawn.canary, drawn.stable) > maxErrorRate
  )
    return ofSeveral(drawnOf(sides.canary), isApart, {
      verdict: 'Failed',
      sentence: `${errorsOf(drawn.canary)} among users without a cookie (${ratesOf(drawn)}); ${tooMany}`,
    });
  if (isKnownEnough || rateOf(all.canary) <= maxErrorRate) {
    if (rateOf(known.canary) > maxErrorRate && known.canary.errors >= fewErrors)
      return {
        verdict: 'Inconclusive',
        sentence: `${errorsOf(known.canary)} among users with a cookie, too few of them to judge by`,
      };
    if (isApart && rateOf(spread(group)) > maxErrorRate)
      return { verdict: 'Inconclusive', sentence: `${errorsOf(group)}, all of ${fewClients(group)}` };
    return { verdict: 'Successful', sentence: numbers };
  }
  if (!isControlled || known.canary.errors > maxErrorRate * all.canary.requests)
    return ofSeveral(allCanary, isApart, { verdict: 'Failed', sentence: `${numbers}; ${tooMany}` });
  return {
    verdict: 'Inconclusive',
    sentence: `${numbers}; ${withoutCookie(drawnOf(sides.canary))} fail on both sides alike, and too few others are seen to judge by`,
  };
}

interface Weighed {
  readonly stable: Part;
  readonly canary: Part;
}

/** Both sides of a comparison are weighed in the same way. */
function weigher(isApart: boolean, maxErrorRate: number): (canary: Group, stable: Group) => Weighed {
  return (canary, stable) => {
    if (!isApart) return { canary, stable };
    // So many of its clients fail that it is not a few of them.
    const isWide = rateOf(spread(canary)) > maxErrorRate && failingShare(canary) > maxErrorRate;
    const weigh = isWide ? spread : once;
    return { canary: weigh(canary), stable: weigh(stable) };
  };
}

/** Requests that one client repeats in vain do not make the number complete either. */
const enough = (group: Group, isApart: boolean): number =>
  isApart ? Math.min(towards(group), spread(group).requests) : group.requests;

/** A sentence where requests would be enough, but nearly all are those of one client. */
export function lackOfClients({ stable, canary }: Sides, { minRequests }: JudgeRules): string | undefined {
  const all = allOf(canary);
  const counted = towards(all);
  if (!areToldApart({ stable, canary }) || all.requests < minRequests || counted >= minRequests) return undefined;
  return tooFew(all, counted, minRequests);
}

function tooFew({ requests, clients }: Group, seen: number, minRequests: number): string {
  const most = seen < requests ? `; one client made ${clients.busiest} of ${requests}` : '';
  return `${seen} of at least ${minRequests} requests seen on the new side${most}`;
}

/** What one client met is no finding, however much of it there is. */
function ofSeveral({ clients, requests }: Group, isApart: boolean, failed: Judgement): Judgement {
  if (!isApart || clients.failing !== 1) return failed;
  return {
    verdict: 'Inconclusive',
    sentence: `${failed.sentence}, but all errors in ${requests} requests are those of one client`,
  };
}

function remark(group: Group, judged: Part, isApart: boolean): string {
  if (!isApart) return group.clients.seen === 1 ? '; all requests are those of one client' : '';
  if (judged.errors !== group.errors)
    return `; ${group.errors} of ${group.requests} with each client’s repeated errors`;
  return '';
}

const fewClients = ({ clients: { failing } }: Group): string => `${failing} client${failing === 1 ? '' : 's'}`;

const withoutCookie = ({ requests }: Part): string => `${requests} requests of users without a cookie`;

const errorsOf = ({ errors, requests }: Part): string => `${errors} of ${requests} requests failed on the new side`;

const ratesOf = ({ canary, stable }: Weighed): string =>
  `${percentText(rateOf(canary))}, ${percentText(rateOf(stable))} on the stable side`;

const rateOf = ({ requests, errors }: Part): number => (requests === 0 ? 0 : errors / requests);

/** Fewer are no sign of anything yet. */
const fewErrors = 3;

/** Of standard deviations: the sides are compared each second, and chance must not end a canary. */
const deviationsAllowed = 4;

/** Beyond what the same clients meet on the stable side, and what chance may add to that. */
function excessRate(drawn: Part, control: Part): number {
  const expected = rateOf(control);
  const spread = Math.sqrt((expected * (1 - expected)) / drawn.requests);
  return rateOf(drawn) - expected - deviationsAllowed * spread;
}
