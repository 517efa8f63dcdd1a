// Mail and pages: all receivers are known, every channel has what it needs, and no secret is sent in clear text.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import { knownHint } from '../reading/known-keys.ts';
import type { ConfigFile } from '../schema.ts';
import type { TargetDraft } from '../target-draft.ts';

export function checkNotify(draft: Draft<ConfigFile>, folder: string): readonly Finding[] {
  return [...checkMail(draft?.notify?.mail, folder), ...checkPages(draft?.notify?.pages), ...checkSummary(draft)];
}

type Mail = NonNullable<NonNullable<ConfigFile['notify']>['mail']>;

function checkMail(mail: Draft<Mail>, folder: string): readonly Finding[] {
  if (!mail) return [];
  const at = (key: string): Path => ['notify', 'mail', key];
  const says = (key: keyof Mail) => key in mail;
  const findings: Finding[] = [];
  if (says('user') !== says('password'))
    findings.push(error(['notify', 'mail'], 'has half of a login; expected user and password, or none of them'));
  if (mail.tls === 'none' && says('user') && !isThisMachine(mail.host))
    findings.push(error(at('tls'), 'would send the password in the clear; expected starttls or implicit'));
  if (typeof mail.templates === 'string' && !isFolder(resolve(folder, mail.templates)))
    findings.push(error(at('templates'), 'there is no such folder'));
  return findings;
}

type Pages = NonNullable<NonNullable<ConfigFile['notify']>['pages']>;

function checkPages(pages: Draft<Pages>): readonly Finding[] {
  const names = (pages ?? []).map((page) => page?.name);
  return (pages ?? []).flatMap((page, index) => {
    if (!page) return [];
    const at = (key: string): Path => ['notify', 'pages', index, key];
    const findings: Finding[] = [];
    if (page.name !== undefined && names.indexOf(page.name) < index)
      findings.push(error(at('name'), 'another one has the same name already'));
    if (!('secret' in page)) findings.push(error(at('secret'), 'is missing; expected its key or secret'));
    if (page.driver === 'webhook' && !('url' in page))
      findings.push(error(at('url'), 'is missing; expected the address of the webhook'));
    if (page.url?.startsWith('http:') && !isThisMachine(hostOf(page.url)))
      findings.push(error(at('url'), 'is not encrypted; expected https://'));
    if (
      page.driver === 'webhook' &&
      page.secret !== undefined &&
      !/^(file:.+|(whsec_)?[A-Za-z0-9+/]{16,}={0,2})$/.test(page.secret)
    )
      findings.push(
        error(at('secret'), 'expected a secret as Standard Webhooks has it: whsec_ and at least 16 base64 digits'),
      );
    return findings;
  });
}

function checkSummary(draft: Draft<ConfigFile>): readonly Finding[] {
  const ids = draft?.summary?.mail;
  if (!draft || !ids) return [];
  const noServer = error(['summary', 'mail'], 'there is no mail server: expected notify.mail at the top of the file');
  return [...('mail' in (draft.notify ?? {}) ? [] : [noServer]), ...checkPeople(draft, ids, ['summary', 'mail'])];
}

const lists = ['developers', 'productManagers'] as const;

export function checkRecipients(draft: Draft<ConfigFile>, { options, saidAt }: TargetDraft): readonly Finding[] {
  return lists.flatMap((list) => checkPeople(draft, options.notify?.[list] ?? [], saidAt('notify', list)));
}

function checkPeople(draft: Draft<ConfigFile>, ids: readonly (string | undefined)[], path: Path): readonly Finding[] {
  if (!draft || ('people' in draft && draft.people === undefined)) return [];
  const people = draft.people ?? [];
  const known = people.flatMap((person) => person?.id ?? []);
  if (known.length < people.length) return [];
  return ids.flatMap((id, index) => {
    if (id === undefined) return [];
    const at = [...path, index];
    if (!known.includes(id))
      return [error(at, `no person in people has the id "${id}"; ${knownHint(id, known, 'known people')}`)];
    const hasMail = people.some((person) => person?.id === id && 'email' in person);
    return draft.notify?.mail === undefined || hasMail ? [] : [warning(at, `${id} has no email in people`)];
  });
}

export const isThisMachine = (host: string | undefined): boolean =>
  host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(host);

export function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
