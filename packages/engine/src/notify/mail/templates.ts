// The templates of mail: those that come with the system, and those of a folder that replace them, file by file. All
// are filled in once with samples before the first mail, so that a mistake is found at the start and not at night.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type MailKind, mailKinds } from '../../domain/notices.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { ownFile } from '../../lib/own-files.ts';
import { loadTemplate, type Template } from '../../lib/template.ts';

const parts = ['subject', 'text', 'html'] as const;
type Part = (typeof parts)[number];

export type Templates = (drawing: MailKind, part: Part) => Template<object>;

const own = ownFile(import.meta.url, 'templates');

/**
 * A folder may hold `fact.<part>.hbs` for all facts, `<fact>.<part>.hbs` for one, `digest.<part>.hbs` and
 * `summary.<part>.hbs`; parts are subject, text and html. @throws BlueGreenError `config-invalid` for a file that is none of these
 */
export function readTemplates(folder: string | undefined): Templates {
  const given = folder === undefined ? [] : filesIn(folder);
  const known = [...mailKinds, 'fact'].flatMap((drawing) => parts.map((part) => `${drawing}.${part}.hbs`));
  const stranger = given.find((file) => !known.includes(file));
  if (stranger !== undefined)
    throw new BlueGreenError(
      'config-invalid',
      `${join(folder ?? '', stranger)} is no template of mail; expected fact.text.hbs, live.html.hbs, digest.subject.hbs, …`,
    );
  const read = new Map<string, Template<object>>();
  return (drawing, part) => {
    const general = drawing === 'digest' || drawing === 'summary' ? drawing : 'fact';
    const file = [`${drawing}.${part}.hbs`, `${general}.${part}.hbs`].find((name) => given.includes(name));
    const path = file === undefined ? join(own, `${general}.${part}.hbs`) : join(folder ?? '', file);
    const template = read.get(path) ?? loadTemplate<object>(path);
    read.set(path, template);
    return template;
  };
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((file) => !file.startsWith('.'));
  } catch (thrown) {
    throw new BlueGreenError('config-invalid', `the templates of mail: ${messageOf(thrown)}`, {}, thrown);
  }
}
