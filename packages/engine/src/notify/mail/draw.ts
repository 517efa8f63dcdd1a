// The text of a mail: subject, plain text and HTML, from facts. Text from outside is one line in all of them, and
// escaped in HTML.

import type { Role } from '../../config/notify/settings.ts';
import type { MailKind } from '../../domain/notices.ts';
import { clockTime } from '../../domain/times.ts';
import type { Link } from '../links.ts';
import { htmlSafe, oneLine } from '../text.ts';
import type { Fact } from './facts.ts';
import type { Templates } from './templates.ts';

export interface Drawn {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export type LinksOf = (fact: Fact) => readonly Link[];

export interface Recipients {
  readonly facts: readonly Fact[];
  /** Facts beyond those. */
  readonly more: number;
  readonly roles: readonly Role[];
}

/** @throws BlueGreenError `template-invalid` */
export function drawMail(templates: Templates, { facts, more, roles }: Recipients, linksOf: LinksOf): Drawn {
  const [fact] = facts;
  if (fact === undefined) throw new TypeError('a mail reports at least one event');
  if (facts.length === 1 && more === 0) return fill(templates, fact.name, valuesOf(fact, roles, linksOf));
  return fill(templates, 'digest', {
    count: facts.length + more,
    more,
    places: oneLine([...new Set(facts.map(placeOf))].join(', '), 100),
    items: facts.map((one) => valuesOf(one, roles, linksOf)),
  });
}

function valuesOf(fact: Fact, roles: readonly Role[], linksOf: LinksOf): object {
  const { name, service, target, headline, sentence, details, at } = fact;
  return {
    fact: name,
    service,
    target: target ?? '',
    headline,
    sentence,
    details,
    links: linksOf(fact),
    time: clockTime(at),
    why: roles.map((role) => roleWords[role]).join(' and '),
  };
}

const placeOf = ({ service, target }: Fact): string => (target === undefined ? service : `${service}/${target}`);

const roleWords: Readonly<Record<Role, string>> = {
  requester: 'the one who asked for it',
  authors: 'an author of its commits',
  approvers: 'an approver',
  developers: 'a developer',
  productManagers: 'a product manager',
};

export function fill(templates: Templates, drawing: MailKind, values: object): Drawn {
  return {
    subject: oneLine(templates(drawing, 'subject')(values), 200),
    text: templates(drawing, 'text')(values),
    html: templates(drawing, 'html')(htmlSafe(values)),
  };
}
