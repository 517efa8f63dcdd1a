// Long lists, a page at a time. The buttons carry the page that they lead to; a page that is gone becomes the last one.

import { actions, type Block, button } from './blocks.ts';

/** As many targets as fit into a message, with all else that it shows. */
export const pageLength = 12;

export interface Page<T> {
  readonly shown: readonly T[];
  readonly index: number;
  readonly count: number;
  /** Of all pages together. */
  readonly total: number;
}

export function pageOf<T>(list: readonly T[], wanted: number): Page<T> {
  const count = Math.max(1, Math.ceil(list.length / pageLength));
  const index = Math.min(Math.max(0, wanted), count - 1);
  const shown = list.slice(index * pageLength, (index + 1) * pageLength);
  return { shown, index, count, total: list.length };
}

/** `13 to 24 of 40 targets`; undefined where one page holds all. */
export function pageText({ index, shown, count, total }: Page<unknown>, what: string): string | undefined {
  const from = index * pageLength;
  return count === 1 ? undefined : `${from + 1} to ${from + shown.length} of ${total} ${what}`;
}

export interface PageButtons {
  /** `deploy.<name>:next` and `:previous` are the actions. */
  readonly name: string;
  readonly valueFor: (index: number) => string;
}

export function pageButtons({ index, count }: Page<unknown>, { name, valueFor }: PageButtons): Block | undefined {
  if (count === 1) return undefined;
  const to = (way: 'previous' | 'next', label: string, target: number) =>
    target < 0 || target >= count
      ? []
      : [button({ actionId: `deploy.${name}:${way}`, label, value: valueFor(target) })];
  const buttons = [...to('previous', 'Previous', index - 1), ...to('next', 'Next', index + 1)];
  return actions(buttons, `pages:${name}:${valueFor(index)}`);
}

/** The page of each list of the Home tab. */
export interface HomePages {
  readonly approvals: number;
  readonly live: number;
  readonly targets: number;
}

export const homePage = 'home-page';

export const homePagesText = ({ approvals, live, targets }: HomePages): string => `${approvals}.${live}.${targets}`;

/** The first pages, where the text is of an earlier version or of nothing. */
export function readHomePages(text: string | undefined): HomePages {
  const [, approvals = 0, live = 0, targets = 0] = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})$/.exec(text ?? '') ?? [];
  return { approvals: Number(approvals), live: Number(live), targets: Number(targets) };
}

export const statusPage = 'status-page';

/** `2:shop`, or `2:` for all services. */
export function readStatusPage(value: string): { readonly index: number; readonly service: string | undefined } {
  const [, index = 0, service = ''] = /^(\d{1,4}):([\w-]{0,64})$/.exec(value) ?? [];
  return { index: Number(index), service: service || undefined };
}
