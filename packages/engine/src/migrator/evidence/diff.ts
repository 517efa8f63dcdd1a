// What a file changed in the schema, read from the catalog before and after: this works for opaque SQL too. Objects
// that were created only in this run concern no running release, and are not reported.

import { type Column, isRequired, type Rule, type SchemaShape } from './shape.ts';

export type ChangeKind =
  | 'column-added'
  | 'required-added'
  | 'gone'
  | 'retyped'
  | 'widened'
  | 'tightened'
  | 'loosened'
  | 'default-gone'
  | 'default-changed'
  | 'rule-added'
  | 'unique-added'
  | 'row-security'
  | 'rule-gone'
  | 'behaves'
  | 'label-gone'
  | 'grant-gone';

export interface Change {
  readonly kind: ChangeKind;
  readonly file: string;
  readonly object: string;
  /** Of a routine or a type: its own name. */
  readonly table: string;
  readonly sentence: string;
}

export interface Between {
  readonly file: string;
  /** Its triggers synchronize two columns, as the author declares: they are expected. */
  readonly sync: boolean;
  /** As it was before the first file of this run. */
  readonly since: SchemaShape;
  readonly before: SchemaShape;
  readonly after: SchemaShape;
}

export function changesOf(between: Between): readonly Change[] {
  return [relations, columns, rules, routines, enums, grants].flatMap((each) =>
    each(between).map((change) => ({ ...change, file: between.file })),
  );
}

/** True when no earlier release could notice: files that contain only such changes are additions. */
export const isAdditive = ({ kind }: Change): boolean => kind === 'column-added';

type Found = Omit<Change, 'file'>;

function relations({ since, before, after }: Between): readonly Found[] {
  return entriesIn(since.relations, before.relations).flatMap(([name, { kind, definition }]): Found[] => {
    const now = after.relations[name];
    const at = { object: name, table: name };
    if (now === undefined) return [{ kind: 'gone', ...at, sentence: `${kind} ${name} is gone` }];
    if (now.kind !== kind) return [{ kind: 'behaves', ...at, sentence: `${name} was a ${kind} and is a ${now.kind}` }];
    if (now.definition === definition) return [];
    return [{ kind: 'behaves', ...at, sentence: `view ${name} has another text` }];
  });
}

function columns({ since, before, after }: Between): readonly Found[] {
  const changed = entriesIn(since.columns, before.columns).flatMap(([name, was]): Found[] => {
    const now = after.columns[name];
    if (now !== undefined) return changedColumn(name, was, now);
    if (after.relations[was.table] === undefined) return [];
    return [{ kind: 'gone', object: name, table: was.table, sentence: `column ${name} is gone` }];
  });
  const added = Object.entries(after.columns).flatMap(([name, now]): Found[] => {
    if (before.columns[name] !== undefined || since.relations[now.table]?.kind !== 'table') return [];
    const at = { object: name, table: now.table };
    if (!isRequired(now)) return [{ kind: 'column-added', ...at, sentence: `column ${name} is added` }];
    return [{ kind: 'required-added', ...at, sentence: `column ${name} is added, NOT NULL and without a default` }];
  });
  return [...changed, ...added];
}

function changedColumn(name: string, was: Column, now: Column): Found[] {
  const at = { object: name, table: was.table };
  const found: Found[] = [];
  if (was.type !== now.type) {
    const kind = isWider(was.type, now.type) ? 'widened' : 'retyped';
    found.push({ kind, ...at, sentence: `column ${name} was ${was.type} and is ${now.type}` });
  }
  if (!was.notNull && now.notNull) found.push({ kind: 'tightened', ...at, sentence: `column ${name} is NOT NULL now` });
  if (was.notNull && !now.notNull) found.push({ kind: 'loosened', ...at, sentence: `column ${name} may be NULL now` });
  if (was.fallback !== undefined && now.fallback === undefined)
    found.push({ kind: 'default-gone', ...at, sentence: `column ${name} has lost its default ${was.fallback}` });
  else if (was.fallback !== now.fallback)
    found.push({
      kind: 'default-changed',
      ...at,
      sentence: `column ${name} has the default ${now.fallback}, before ${was.fallback ?? 'none'}`,
    });
  return found;
}

/** What holds every value of the old type, and is handed to programs in the same form. */
function isWider(was: string, now: string): boolean {
  const [old, wide] = [sized(was), sized(now)];
  const texts = ['character varying', 'varchar', 'text'];
  if (texts.includes(old.name) && texts.includes(wide.name))
    return wide.sizes.length === 0 || (old.sizes.length > 0 && (old.sizes[0] ?? 0) <= (wide.sizes[0] ?? 0));
  if (old.name !== 'numeric' || wide.name !== 'numeric' || old.sizes.length === 0) return false;
  return wide.sizes.length > 0 && wide.sizes[1] === old.sizes[1] && (old.sizes[0] ?? 0) <= (wide.sizes[0] ?? 0);
}

function sized(type: string): { readonly name: string; readonly sizes: readonly number[] } {
  const [, name = type, sizes] = /^([^(]+?)\s*(?:\(([\d,\s]+)\))?$/.exec(type.toLowerCase()) ?? [];
  return { name, sizes: sizes === undefined ? [] : sizes.split(',').map(Number) };
}

function rules({ since, before, after, sync }: Between): readonly Found[] {
  const isOld = ({ table }: Rule): boolean => since.relations[table] !== undefined;
  const added = Object.entries(after.rules).flatMap(([name, rule]): Found[] => {
    if (before.rules[name]?.definition === rule.definition || !isOld(rule)) return [];
    if (rule.kind === 'trigger' && sync) return [];
    return [{ kind: kindOfRule(rule), object: rule.table, table: rule.table, sentence: `${name} is new` }];
  });
  const gone = entriesIn(since.rules, before.rules).flatMap(([name, { table }]): Found[] => {
    if (after.rules[name] !== undefined || after.relations[table] === undefined) return [];
    return [{ kind: 'rule-gone', object: table, table, sentence: `${name} is gone` }];
  });
  return [...added, ...gone];
}

function kindOfRule({ kind }: Rule): ChangeKind {
  if (kind === 'unique') return 'unique-added';
  return kind === 'policy' ? 'row-security' : 'rule-added';
}

function routines({ since, before, after }: Between): readonly Found[] {
  return entriesIn(since.routines, before.routines).flatMap(([name, was]): Found[] => {
    const now = after.routines[name];
    const at = { object: name, table: name };
    if (now === undefined) return [{ kind: 'gone', ...at, sentence: `function ${name} is gone` }];
    return now === was ? [] : [{ kind: 'behaves', ...at, sentence: `function ${name} has another text` }];
  });
}

function enums({ since, before, after }: Between): readonly Found[] {
  return entriesIn(since.enums, before.enums).flatMap(([name, labels]): Found[] => {
    const now = after.enums[name];
    const at = { object: name, table: name };
    if (now === undefined) return [{ kind: 'gone', ...at, sentence: `type ${name} is gone` }];
    const gone = labels.filter((label) => !now.includes(label));
    if (gone.length === 0) return [];
    const sentence = `type ${name} has lost ${gone.join(', ')}`;
    const users = Object.entries(before.columns).filter(([, { type }]) => type === name);
    if (users.length === 0) return [{ kind: 'label-gone', ...at, sentence }];
    return users.map(([column, { table }]) => ({ kind: 'label-gone', object: column, table, sentence }));
  });
}

function grants({ since, before, after }: Between): readonly Found[] {
  return before.grants.flatMap((grant): Found[] => {
    const table = / on (\S+) to /.exec(grant)?.[1] ?? '';
    if (after.grants.includes(grant) || !since.grants.includes(grant) || !after.relations[table]) return [];
    return [{ kind: 'grant-gone', object: table, table, sentence: `the right ${grant} is gone` }];
  });
}

/** Of what a file could change: only what existed before the first one. */
function entriesIn<T>(since: Readonly<Record<string, T>>, before: Readonly<Record<string, T>>): readonly [string, T][] {
  return Object.entries(before).filter(([name]) => since[name] !== undefined);
}
