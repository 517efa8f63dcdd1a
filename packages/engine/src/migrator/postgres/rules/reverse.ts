// The statement that reverses an expand step's statement, where one can be derived from the tree.

import type { PostgresStatement } from '../parse.ts';
import { constraintName } from './names.ts';
import { altered } from './postgres-rule.ts';
import { type Alteration, alterations, body, dotted, print, quoted, relationSql } from './tree.ts';

export function reversePostgres(statement: PostgresStatement): string | undefined {
  const { node } = statement;
  const changes = alterations(statement);
  if (changes.length > 0) {
    const back = changes.map(reverseAlteration).toReversed();
    return back.every((each) => each !== undefined) ? back.join('\n') : undefined;
  }
  const table = body(node, 'CreateStmt')?.relation;
  if (table !== undefined) return `DROP TABLE ${relationSql(table)};`;
  const view = body(node, 'ViewStmt');
  if (view?.view !== undefined && view.replace !== true) return `DROP VIEW ${relationSql(view.view)};`;
  const index = body(node, 'IndexStmt');
  if (index?.idxname !== undefined) {
    const schema = index.relation?.schemaname;
    const name = relationSql({ relname: index.idxname, ...(schema === undefined ? {} : { schemaname: schema }) });
    return `DROP INDEX ${index.concurrent === true ? 'CONCURRENTLY ' : ''}${name};`;
  }
  const trigger = body(node, 'CreateTrigStmt');
  if (trigger?.relation !== undefined)
    return `DROP TRIGGER ${quoted(trigger.trigname ?? '')} ON ${relationSql(trigger.relation)};`;
  const sequence = body(node, 'CreateSeqStmt')?.sequence;
  if (sequence !== undefined) return `DROP SEQUENCE ${relationSql(sequence)};`;
  const named = body(node, 'CreateEnumStmt')?.typeName;
  if (named !== undefined) return `DROP TYPE ${dotted(named).split('.').map(quoted).join('.')};`;
  return reverseRoutine(statement);
}

function reverseRoutine({ node }: PostgresStatement): string | undefined {
  const routine = body(node, 'CreateFunctionStmt');
  if (routine === undefined || routine.replace === true) return undefined;
  const types = (routine.parameters ?? []).flatMap((each) => {
    const parameter = body(each, 'FunctionParameter');
    const isInput = !['FUNC_PARAM_OUT', 'FUNC_PARAM_TABLE'].includes(parameter?.mode ?? '');
    return isInput && parameter?.argType !== undefined ? [print({ TypeName: parameter.argType })] : [];
  });
  const name = dotted(routine.funcname).split('.').map(quoted).join('.');
  return `DROP ${routine.is_procedure === true ? 'PROCEDURE' : 'FUNCTION'} ${name}(${types.join(', ')});`;
}

function reverseAlteration(alteration: Alteration): string | undefined {
  const { subtype, def, name } = alteration.command;
  const column = body(def, 'ColumnDef')?.colname;
  if (subtype === 'AT_AddColumn' && column !== undefined)
    return altered(alteration, { subtype: 'AT_DropColumn', name: column, behavior: 'DROP_RESTRICT' });
  const constraint = body(def, 'Constraint');
  if (subtype === 'AT_AddConstraint' && constraint !== undefined)
    return altered(alteration, {
      subtype: 'AT_DropConstraint',
      name: constraintName(alteration.table, constraint),
      behavior: 'DROP_RESTRICT',
    });
  return subtype === 'AT_ValidateConstraint' && name !== undefined ? '' : undefined;
}
