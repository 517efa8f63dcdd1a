// How people are notified: turns the file as written into the settings of the notifiers.

import { resolve } from 'node:path';
import { parseDuration } from '../../lib/units.ts';
import { merge } from '../kit/draft.ts';
import type { NotifyFile, RecipientsFile } from './schema.ts';
import type { MailSettings, NotifySettings, RecipientSettings, Secret } from './settings.ts';

export function resolveNotify({ workspace, link, mail, pages = [] }: NotifyFile, folder: string): NotifySettings {
  return {
    workspace: workspace?.replace(/\/+$/, ''),
    link,
    mail: mail && resolveMail(mail, folder),
    pagers: pages.map(({ name, driver, url, secret }) => ({
      name,
      driver,
      url: url ?? defaultPagerUrl,
      secret: secretOf(secret, folder),
    })),
  };
}

function resolveMail(given: NonNullable<NotifyFile['mail']>, folder: string): MailSettings {
  const { digest, giveUpAfter, fromName, tls, authorDomains, ...mail } = merge(defaultMail, given);
  const hasLogin = 'user' in given;
  return {
    host: mail.host,
    port: mail.port ?? (tls === 'implicit' ? 465 : 587),
    tls,
    ca: mail.ca === undefined ? undefined : resolve(folder, mail.ca),
    login: hasLogin ? { user: mail.user, password: secretOf(mail.password, folder) } : undefined,
    from: { name: fromName, address: mail.from },
    authorDomains,
    templates: mail.templates === undefined ? undefined : resolve(folder, mail.templates),
    giveUpMs: parseDuration(giveUpAfter),
    digest: { after: digest.after, withinMs: parseDuration(digest.within) },
  };
}

export function secretOf(value: string | undefined, folder: string): Secret {
  return value?.startsWith('file:') ? { file: resolve(folder, value.slice('file:'.length)) } : { value };
}

export function resolveRecipients({
  developers,
  productManagers,
  mail,
}: typeof defaultRecipients & RecipientsFile): RecipientSettings {
  return {
    developers,
    productManagers,
    mail: {
      'build-broken': mail.buildBroken,
      'build-fixed': mail.buildFixed,
      'awaiting-approval': mail.awaitingApproval,
      'break-glass': mail.breakGlass,
      live: mail.live,
      'rolled-back': mail.rolledBack,
      failed: mail.failed,
      'side-restored': mail.sideRestored,
      halted: mail.halted,
    },
  };
}

type Roles = NonNullable<NonNullable<RecipientsFile['mail']>['live']>;
const roles = (...names: Roles): Roles => names;

export const defaultRecipients = {
  developers: [] as string[],
  productManagers: [] as string[],
  mail: {
    buildBroken: roles('authors', 'developers'),
    buildFixed: roles('authors', 'developers'),
    awaitingApproval: roles('approvers'),
    breakGlass: roles('approvers', 'productManagers'),
    live: roles('requester', 'authors', 'productManagers'),
    rolledBack: roles('requester', 'authors', 'developers', 'productManagers'),
    failed: roles('requester', 'authors', 'developers'),
    sideRestored: roles('requester', 'developers'),
    halted: roles('requester', 'authors', 'approvers', 'developers'),
  },
} satisfies RecipientsFile;

type Mail = NonNullable<NotifyFile['mail']>;

export const defaultMail = {
  tls: 'starttls' as NonNullable<Mail['tls']>,
  fromName: 'Deployments',
  authorDomains: [] as string[],
  giveUpAfter: '3d',
  digest: { after: 5, within: '10m' },
} satisfies Partial<Mail>;

export const defaultPagerUrl = 'https://events.pagerduty.com/v2/enqueue';
