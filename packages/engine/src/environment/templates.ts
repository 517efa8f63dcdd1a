// The templates of a release, filled in with the environment of a slot: all or none. A name that is missing in the
// environment is reported with file and line, never left empty.

import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import { fillForeign, renderedName, type TemplateProblem } from '../lib/template.ts';
import type { Variables } from './env-files.ts';
import { describePlace, type InstancePlace, type ReleaseFiles } from './environment.ts';

export interface RenderedFile {
  /** From the folder that `CONFIG_DIR` names. */
  readonly path: string;
  readonly content: string;
}

const maxTemplateBytes = 1 << 20;
const mostReported = 20;

/** @throws BlueGreenError `template-unfilled`, naming every file, line and name; no value is in its message. */
export function renderTemplates(input: {
  readonly place: InstancePlace;
  readonly release: ReleaseFiles;
  readonly templates: readonly string[];
  readonly values: Variables;
}): readonly RenderedFile[] {
  const { place, release, templates, values } = input;
  const filled = templates.map((template) => ({ template, ...fill(release.folder, template, values) }));
  const problems = filled.flatMap(({ template, problems }) =>
    problems.map(({ line, sentence }) => `${template}${line === 0 ? '' : `:${line}`}: ${sentence}`),
  );
  if (problems.length === 0)
    return filled.map(({ template, text }) => ({ path: renderedName(template), content: text }));
  const reported = [
    ...problems.slice(0, mostReported),
    ...(problems.length > mostReported ? [`and ${problems.length - mostReported} more`] : []),
  ];
  throw new BlueGreenError(
    'template-unfilled',
    `${describePlace(place)} cannot start ${release.version}: ${reported.join('; ')}`,
  );
}

interface Filled {
  readonly text: string;
  readonly problems: readonly TemplateProblem[];
}

function fill(folder: string, template: string, values: Variables): Filled {
  const text = readTemplate(folder, template);
  if (typeof text !== 'string') return { text: '', problems: [text] };
  const filled = template.endsWith('.hbs') ? fillForeign({ text, values }) : substituteLines(text, values);
  return { text: '', problems: [], ...filled };
}

/** `${NAME}` is filled in; `$${NAME}` gives the text `${NAME}`. */
function substituteLines(text: string, values: Variables): Filled {
  const problems: TemplateProblem[] = [];
  const filled = text.replaceAll(/\$(\$?)\{([^}\n]*)\}/g, (_, literal: string, name: string, at: number) => {
    if (literal) return `\${${name}}`;
    if (Object.hasOwn(values, name)) return values[name] ?? '';
    if (problems.length <= mostReported)
      problems.push({ line: text.slice(0, at).split('\n').length, sentence: `\${${name}} is not known` });
    return '';
  });
  return { text: filled, problems };
}

/** A file of the release itself: a link out of the release would expose other files. */
function readTemplate(folder: string, template: string): string | TemplateProblem {
  const path = join(folder, template);
  const problem = (sentence: string): TemplateProblem => ({ line: 0, sentence });
  try {
    const found = lstatSync(path);
    if (!found.isFile() || !realpathSync(path).startsWith(`${realpathSync(folder)}${sep}`))
      return problem('is no plain file of the release');
    if (found.size > maxTemplateBytes) return problem('is larger than 1 MB');
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : messageOf(thrown);
    return problem(`cannot be read (${reason})`);
  }
}
