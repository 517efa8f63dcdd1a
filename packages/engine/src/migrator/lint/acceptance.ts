// What the author of a migration takes on: `-- @accept <rule>: <reason>`, in the file of the hazard.

import { suggest } from '../../lib/suggest.ts';
import type { Acceptance, SqlFile } from '../files/migration.ts';
import type { Finding } from './finding.ts';

/** Findings with the author's reasons, and a warning for each reason that is for nothing. */
export function accepting(file: SqlFile, found: readonly Finding[]): readonly Finding[] {
  if (file.accepted.length === 0) return found;
  const reasons = new Map(file.accepted.map(({ rule, reason }) => [rule, reason]));
  const reported = found.map((each) => (isAcceptable(each) ? { ...each, accepted: reasons.get(each.rule) } : each));
  const here = new Set(found.map(({ rule }) => rule));
  return [
    ...file.accepted.filter(({ rule }) => !here.has(rule)).map((each) => unused(file, each, [...here])),
    ...reported,
  ];
}

/** What cannot be read cannot be taken on. */
function isAcceptable({ rule }: Finding): boolean {
  return rule !== 'syntax-error' && rule !== 'nul-byte';
}

function unused(file: SqlFile, { rule, reason, line }: Acceptance, here: readonly string[]): Finding {
  const nearest = suggest(rule, here, 'any');
  return {
    rule: 'unused-accept',
    classes: ['style'],
    severity: 'warning',
    file: file.file,
    line,
    statement: `-- @accept ${rule}: ${reason}`,
    message: `no statement of this file has the hazard ${rule}${nearest === undefined ? ': delete the line' : `; found here: ${nearest}`}`,
    safe: undefined,
    allowedIn: [],
    accepted: undefined,
  };
}
