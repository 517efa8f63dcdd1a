// Advice for a statement of several commands: one form for all of them, or none.

import type { Hazard, Whole } from '../../lint/rule.ts';
import type { MariadbStatement } from '../parse.ts';
import { addedColumns, alterationsOf } from './alteration.ts';
import { renamedTables } from './history.ts';

export function wholeMariadb(statement: MariadbStatement, hazards: readonly Hazard[]): Whole {
  const commands = Math.max(alterationsOf(statement).length, addedColumns(statement).length);
  const renames = renamedTables(statement).length;
  if (commands < 2 && renames < 2) return { kind: 'one-command' };
  const forms = [...new Set(hazards.map(({ safe }) => safe))];
  const isOnly = (stage: string): boolean =>
    forms.every((safe) => safe?.startsWith(`-- ${stage}:\n`) && safe.match(/^-- .*:$/gm)?.length === 1);
  if (isOnly('contract')) return { kind: 'whole', safe: `-- contract:\n${statement.text};` };
  if (renames > 1 && isOnly('expand'))
    return {
      kind: 'whole',
      safe: ['-- expand:', ...forms.map((safe = '') => safe.slice('-- expand:\n'.length))].join('\n'),
    };
  return { kind: 'none' };
}
