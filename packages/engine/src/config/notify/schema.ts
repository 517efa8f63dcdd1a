// What the configuration says about mail and pages: how they are sent (once, for the whole file), and who is notified
// about what (for each service; each target may override it).

import { z } from 'zod';
import { choice, duration, listOf, matching, name, path, port, whole } from '../kit/values.ts';

const plainText = (most: number, expected: string) => matching(new RegExp(`^[^\\p{Cc}]{1,${most}}$`, 'u'), expected);
const secret = () => plainText(1000, 'a text of 1 to 1000 characters, or file: and the path of a file that holds it');
const webAddress = () =>
  matching(/^https?:\/\/[^\s\p{Cc}"'<>]{1,1000}$/u, 'an address that starts with https:// or http://');

const digest = z
  .strictObject({
    after: whole({ min: 1, max: 100, expected: 'a number of mails from 1 to 100' })
      .describe('So many mails to one person go out one by one. Default: 5.')
      .optional(),
    within: duration()
      .describe('What comes within this time beyond them is sent in one mail. Default: 10m.')
      .optional(),
  })
  .describe(
    'What keeps a bad day from filling mailboxes. Halted, rolled back, asked for approval and approved alone in an emergency are sent at once.',
  );

const mail = z
  .strictObject({
    host: matching(/^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$/, 'the name or address of a mail server').describe(
      'Mail server that takes mail for delivery.',
    ),
    port: port().describe('Default: 587, or 465 with tls: implicit.').optional(),
    tls: choice(['starttls', 'implicit', 'none'])
      .describe(
        'starttls: encrypted before anything is said, or not sent. implicit: encrypted from the first byte. none: for a server on this machine. Default: starttls.',
      )
      .optional(),
    ca: path()
      .describe('Certificate (PEM) that signed that of the server, where no public authority did. Default: none.')
      .optional(),
    user: secret().describe('Name to log in with. Default: none, no login.').optional(),
    password: secret()
      .describe(
        `Password, from the environment: \${SMTP_PASSWORD}; or file:path, read at each new connection. A process without that variable sends no mail.`,
      )
      .optional(),
    from: matching(
      /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/,
      'an e-mail address such as deploys@example.com',
    ).describe('Address that mail comes from.'),
    fromName: plainText(100, 'a text of at most 100 characters').describe('Default: Deployments.').optional(),
    authorDomains: listOf(
      matching(/^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/, 'a domain in small letters, such as example.com'),
      100,
    )
      .describe(
        'Authors of commits who are not in people get mail only at these domains: their address is text from outside. Default: none.',
      )
      .optional(),
    templates: path()
      .describe('Folder with templates in the place of those that come with the system. Default: none.')
      .optional(),
    giveUpAfter: duration().describe('Mail that no server accepted for this long is dropped. Default: 3d.').optional(),
    digest: digest.optional(),
  })
  .describe('Mail over SMTP. Default: none.');

const page = z
  .strictObject({
    name: name().describe('Short name, for the log.'),
    driver: choice(['pagerduty', 'webhook']).describe(
      'pagerduty: Events API v2. webhook: a POST that is signed as Standard Webhooks has it.',
    ),
    url: webAddress().describe('Where it is sent. Default: that of PagerDuty; a webhook has no default.').optional(),
    secret: secret()
      .describe(
        `Integration key of PagerDuty, or the secret of the webhook (whsec_…), from the environment: \${PAGER_SECRET}; or file:path. A process without that variable sends no pages.`,
      )
      .optional(),
  })
  .describe('Who is called when a person is needed: halted, a failed rollback, both sides ill.');

export const notify = z
  .strictObject({
    workspace: webAddress()
      .describe('Address of the Slack workspace, such as https://example.slack.com: mail and pages link to the card.')
      .optional(),
    link: webAddress().describe('What they link to where there is no card: a page of your own.').optional(),
    mail: mail.optional(),
    pages: listOf(page, 10).describe('Default: none.').optional(),
  })
  .describe('How people are notified outside of Slack. Never with a link that acts: mail scanners follow links.');

const person = () => listOf(name(), 200);
const roles = () =>
  listOf(choice(['requester', 'authors', 'approvers', 'developers', 'productManagers']), 5).describe(
    'Any of requester, authors (of the commits), approvers, developers and productManagers; [] notifies no one.',
  );

/** Of a service or target. */
export const recipients = z
  .strictObject({
    developers: person().describe('Ids of people who are notified as developers. Default: none.').optional(),
    productManagers: person().describe('Ids of people who are notified as product managers. Default: none.').optional(),
    mail: z
      .strictObject({
        buildBroken: roles().optional(),
        buildFixed: roles().optional(),
        awaitingApproval: roles().optional(),
        breakGlass: roles().optional(),
        live: roles().optional(),
        rolledBack: roles().optional(),
        failed: roles().optional(),
        sideRestored: roles().optional(),
        halted: roles().optional(),
      })
      .describe('Who gets mail about what.')
      .optional(),
  })
  .describe('Who hears of this service by mail; how mail goes out is said under notify at the top of the file.');

export type NotifyFile = z.infer<typeof notify>;
export type RecipientsFile = z.infer<typeof recipients>;
