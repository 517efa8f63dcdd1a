// What holds for mail and pages when the file says nothing, in the words of the file itself.

import type { NotifyFile, ToldFile } from './schema-notify.ts';

type Roles = NonNullable<NonNullable<ToldFile['mail']>['live']>;
const roles = (...names: Roles): Roles => names;

export const defaultTold = {
  developers: [] as string[],
  productManagers: [] as string[],
  mail: {
    buildBroken: roles('authors', 'developers'),
    buildFixed: roles('authors', 'developers'),
    awaitingApproval: roles('approvers'),
    live: roles('requester', 'authors', 'productManagers'),
    rolledBack: roles('requester', 'authors', 'developers', 'productManagers'),
    failed: roles('requester', 'authors', 'developers'),
    sideRestored: roles('requester', 'developers'),
    halted: roles('requester', 'authors', 'approvers', 'developers'),
  },
} satisfies ToldFile;

type Mail = NonNullable<NotifyFile['mail']>;

export const defaultMail = {
  tls: 'starttls' as NonNullable<Mail['tls']>,
  fromName: 'Deployments',
  authorDomains: [] as string[],
  giveUpAfter: '3d',
  digest: { after: 5, within: '10m' },
} satisfies Partial<Mail>;

export const defaultPagerUrl = 'https://events.pagerduty.com/v2/enqueue';
