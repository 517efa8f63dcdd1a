// The one place that knows handlebars. A template is filled in whole or not at all: a name that the values do not have
// is an error, and nothing is escaped here, since every language needs its own escaping; whoever fills in does it before.

import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { BlueGreenError, messageOf } from './errors.ts';

/** Fills in a template. @throws BlueGreenError `template-invalid` naming the template and what is wrong with it. */
export type Template<Values> = (values: Values) => string;

/**
 * Reads and compiles the `.hbs` file at `path`. Inside it `{{#each}}`, `{{#if}}`, `{{#unless}}` and `{{#with}}` work as
 * usual, with values that are there: say `false` or `[]`, never nothing. No other helper exists. A block that stands alone on its line leaves no empty line behind.
 */
export function loadTemplate<Values extends object>(path: string): Template<Values> {
  return compileTemplate<Values>({ name: path, text: readFileSync(path, 'utf8') });
}

export function compileTemplate<Values extends object>(source: {
  readonly name: string;
  readonly text: string;
}): Template<Values> {
  const render = strictHandlebars().compile(source.text, { noEscape: true, strict: true, knownHelpersOnly: true });
  return (values) => {
    try {
      return render(values);
    } catch (thrown) {
      throw new BlueGreenError('template-invalid', `${source.name}: ${messageOf(thrown)}`, {}, thrown);
    }
  };
}

/** Its own instance: a helper or partial that somebody registers elsewhere does not exist in it. */
function strictHandlebars(): typeof Handlebars {
  const handlebars = Handlebars.create();
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
