// The one place that knows handlebars. A template is filled in whole or not at all: a name that the values do not have
// is an error, and nothing is escaped here, since every language needs its own escaping; the caller escapes the values.

import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { BlueGreenError, messageOf } from './errors.ts';

const knownHelpers = { log: false, lookup: false };

/** Fills in a template. @throws BlueGreenError `template-invalid` naming the template and its error. */
export type Template<Values> = (values: Values) => string;

/**
 * Reads and compiles the `.hbs` file at `path`. Inside it `{{#each}}`, `{{#if}}`, `{{#unless}}` and `{{#with}}` work as
 * usual, with values that exist: pass `false` or `[]`, never undefined. No other helper exists. A block on its own line
 * leaves no empty line.
 */
export function loadTemplate<Values extends object>(path: string): Template<Values> {
  return compileTemplate<Values>({ name: path, text: readFileSync(path, 'utf8') });
}

export function compileTemplate<Values extends object>(source: {
  readonly name: string;
  readonly text: string;
}): Template<Values> {
  const render = strictHandlebars().compile(source.text, {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers,
  });
  return (values) => {
    try {
      return render(values);
    } catch (thrown) {
      throw new BlueGreenError('template-invalid', `${source.name}: ${messageOf(thrown)}`, {}, thrown);
    }
  };
}

/**
 * For a template that others wrote, filled in with texts by name: `{{NAME}}`, `{{#if NAME}}`, `{{#unless NAME}}`,
 * `else` and comments, and no other syntax of handlebars. Every name is checked, also where the text is not used.
 */
export function fillForeign(source: {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}): { readonly text: string } | { readonly problems: readonly TemplateProblem[] } {
  const tooMuch = beyondLimits(source.text);
  if (tooMuch) return { problems: [tooMuch] };
  try {
    const problems = problemsIn(Handlebars.parse(source.text), source.values);
    return problems.length > 0 ? { problems } : { text: compileTemplate({ name: '', ...source })(source.values) };
  } catch (thrown) {
    const [sentence = ''] = messageOf(thrown).split('\n');
    return { problems: [{ line: Number(/ on line (\d+)| - (\d+):\d+$/.exec(sentence)?.[1] ?? 1), sentence }] };
  }
}

/** Handlebars compiles one block inside another in the square of their number, on the thread that keeps the lease. */
const maxForeignBytes = 256 * 1024;
const maxForeignDepth = 32;
const maxForeignTags = 5_000;

function beyondLimits(text: string): TemplateProblem | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxForeignBytes)
    return { line: 1, sentence: `the template has ${bytes} bytes; at most ${maxForeignBytes} are read` };
  let [depth, tags, line, at] = [0, 0, 1, 0];
  for (const { index, 1: kind } of text.matchAll(/\{\{\{?~?([#/]|\^(?!\s*~?\}))?/g)) {
    for (; at < index; at += 1) if (text[at] === '\n') line += 1;
    tags += 1;
    depth = Math.max(0, depth + (kind === '#' || kind === '^' ? 1 : kind === '/' ? -1 : 0));
    if (depth > maxForeignDepth)
      return { line, sentence: `blocks lie more than ${maxForeignDepth} deep inside one another` };
    if (tags > maxForeignTags) return { line, sentence: `the template has more than ${maxForeignTags} tags` };
  }
  return undefined;
}

/** `app.yaml.hbs` becomes `app.yaml`; another name stays. */
export const renderedName = (template: string): string => template.replace(/\.hbs$/, '');

export interface TemplateProblem {
  readonly line: number;
  readonly sentence: string;
}

type Values = Readonly<Record<string, string>>;

function problemsIn({ body }: hbs.AST.Program, values: Values): readonly TemplateProblem[] {
  return body.flatMap((statement) => {
    const line = statement.loc.start.line;
    switch (statement.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        return [];
      case 'MustacheStatement': {
        const { path, params, hash } = statement as hbs.AST.MustacheStatement;
        return params.length > 0 || hash ? [{ line, sentence: notUnderstood }] : problemsOfName(path, line, values);
      }
      case 'BlockStatement': {
        const { path, params, hash, program, inverse } = statement as hbs.AST.BlockStatement;
        const [condition] = params;
        const known = ['if', 'unless'].includes(path.original) && params.length === 1 && !hash;
        return [
          ...(known && condition ? problemsOfName(condition, line, values) : [{ line, sentence: notUnderstood }]),
          ...[program, inverse].flatMap((part) => (part ? problemsIn(part, values) : [])),
        ];
      }
      default:
        return [{ line, sentence: notUnderstood }];
    }
  });
}

const notUnderstood = 'only {{NAME}}, {{#if NAME}} and {{#unless NAME}} are understood here';

function problemsOfName(found: hbs.AST.Expression, line: number, values: Values): readonly TemplateProblem[] {
  const { type, original, depth, data, parts } = found as hbs.AST.PathExpression;
  const isName = type === 'PathExpression' && depth === 0 && !data && parts.length === 1 && original === parts[0];
  if (!isName) return [{ line, sentence: notUnderstood }];
  return Object.hasOwn(values, original) ? [] : [{ line, sentence: `${original} is not known` }];
}

/** A separate instance: helpers and partials that are registered elsewhere do not exist in it. */
function strictHandlebars(): typeof Handlebars {
  const handlebars = Handlebars.create();
  // One would write values to the output of this process, the other find nothing without saying so.
  for (const helper of ['log', 'lookup']) handlebars.unregisterHelper(helper);
  // Strict mode checks what is printed; what a block decides by is checked here, so that a misspelled name is no "no".
  for (const block of ['if', 'unless', 'each', 'with']) {
    const plain = handlebars.helpers[block] as Handlebars.HelperDelegate;
    handlebars.registerHelper(block, function (this: unknown, value: unknown, options: Handlebars.HelperOptions) {
      if (value === undefined) throw new Error(`the value of a {{#${block}}} is not defined`);
      return plain.call(this, value, options);
    });
  }
  return handlebars;
}
