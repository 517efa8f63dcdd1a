// All rules of PostgreSQL, by subject: the order is that of the findings for one statement.

import { addColumnRules } from './add-column.ts';
import { addConstraintRules } from './add-constraint.ts';
import { behaviourRules } from './behaviour.ts';
import { changeColumnRules } from './change-column.ts';
import { dataRules } from './data.ts';
import { dropRules } from './drop.ts';
import { emptiedRules } from './emptied.ts';
import { indexRules } from './index-rules.ts';
import { opaqueRules } from './opaque.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { renameRules } from './rename.ts';
import { identifierTooLong } from './style.ts';
import { transactionRules } from './transactions.ts';

export const postgresRules: readonly PostgresRule[] = [
  ...addColumnRules,
  ...changeColumnRules,
  ...addConstraintRules,
  ...indexRules,
  ...dropRules,
  ...emptiedRules,
  ...renameRules,
  ...behaviourRules,
  ...dataRules,
  ...transactionRules,
  ...opaqueRules,
  identifierTooLong,
];
