// Mail: follows the audit log, puts what people should read into the outbox, one message per fact and person, and sends
// it to the mail server when the server accepts it.

import { createHash } from 'node:crypto';
import type { Engine } from '../../api/engine.ts';
import type { MailSettings } from '../../config/notify/settings.ts';
import { mailKinds, storedKind } from '../../domain/notices.ts';
import type { OutboxMessage } from '../../domain/outbox.ts';
import { together } from '../../lib/tasks.ts';
import { deliver, type Transport } from '../deliver.ts';
import { follow } from '../follow.ts';
import { type Link, linkToCard } from '../links.ts';
import type { Notifier } from '../notify.ts';
import { drawMail, type LinksOf } from './draw.ts';
import { type MailParts, type MailPayload, mailTransport } from './payload.ts';
import { checkTemplates } from './preview.ts';
import { putMails } from './put.ts';
import { createSmtpClient, type Email, loginProblem } from './smtp.ts';
import { sendSummaries } from './summaries.ts';
import { drawSummary, type SummaryPayload } from './summary.ts';
import { readTemplates, type Templates } from './templates.ts';

/** Empty where this process cannot log in. @throws BlueGreenError `config-invalid` or `template-invalid` */
export function mailNotifiers(parts: MailParts): readonly Notifier[] {
  const { mail } = parts.engine.settings.notify;
  if (mail === undefined) return [];
  const notifier = mailNotifier(parts, mail);
  const problem = loginProblem(mail);
  if (problem === undefined) return [notifier];
  parts.log.error(problem);
  return [];
}

function mailNotifier(parts: MailParts, settings: MailSettings): Notifier {
  const templates = readTemplates(settings.templates);
  checkTemplates(templates);
  return {
    name: mailTransport,
    work: async (signal) => {
      const smtp = createSmtpClient(settings, parts.clock);
      const transport = mailTransportTo({ parts, settings, templates }, (email, stop) => smtp.send(email, stop));
      const take = putMails(parts, settings);
      try {
        await together(
          [
            (stop) => follow(parts, { consumer: mailTransport, take }, stop),
            (stop) => deliver(parts, transport, stop),
            (stop) => sendSummaries(parts, stop),
          ],
          signal,
          // Where no summary goes by mail, its work ends at once.
          'one-fails',
        );
      } finally {
        smtp.close();
      }
    },
  };
}

interface Writing {
  readonly parts: MailParts;
  readonly settings: MailSettings;
  readonly templates: Templates;
}

function mailTransportTo(
  { parts, settings, templates }: Writing,
  send: (email: Email, stop: AbortSignal) => ReturnType<Transport['send']>,
): Transport {
  const linksOf = linksIn(parts.engine);
  return {
    name: mailTransport,
    giveUpMs: settings.giveUpMs,
    send: (message, stop) => send(letterOf(message, templates, settings, linksOf), stop),
    bornAt: ({ payload }) => (payload as MailPayload).at,
    dropped: ({ payload, kind, attempts }, problem) => {
      const { to, facts, more } =
        kind === 'summary' ? { ...(payload as SummaryPayload), ...noFacts } : (payload as MailPayload);
      const [fact] = facts;
      return {
        actor: 'engine',
        action: 'mail-dropped',
        service: fact?.service,
        target: fact?.target,
        deploymentId: fact?.deploymentId,
        code: storedKind(mailKinds, kind),
        sentence: `mail to ${to.name || to.address} was given up: ${problem}`,
        detail: { fact: kind, about: fact?.seq, facts: facts.length + more, attempts: attempts + 1 },
      };
    },
  };
}

const noFacts: Pick<MailPayload, 'facts' | 'more'> = { facts: [], more: 0 };

function letterOf(
  { key, kind, payload }: OutboxMessage,
  templates: Templates,
  { from }: MailSettings,
  linksOf: LinksOf,
): Email {
  const domain = from.address.slice(from.address.indexOf('@') + 1);
  const idOf = (text: string) => `<${createHash('sha256').update(text).digest('hex').slice(0, 40)}@${domain}>`;
  if (kind === 'summary') {
    const { to, hash, summary } = payload as SummaryPayload;
    const thread = idOf(`thread summary ${summary.every}`);
    return { ...drawSummary(templates, summary), to, messageId: idOf(`${hash} ${key}`), thread };
  }
  const { to, hash, facts, ...recipients } = payload as MailPayload;
  const [fact] = facts;
  return {
    ...drawMail(templates, { ...recipients, facts }, linksOf),
    to,
    messageId: idOf(`${hash} ${key}`),
    thread: idOf(`thread ${fact?.deploymentId ?? `${fact?.service} ${fact?.name}`}`),
  };
}

function linksIn({ settings, outbox }: Pick<Engine, 'settings' | 'outbox'>): LinksOf {
  return ({ deploymentId, service, seq, buildUrl }) => {
    const channels = settings.targets.filter((target) => target.service === service).map(({ channel }) => channel);
    const keys =
      deploymentId === undefined ? channels.map((channel) => `build-news:${seq}:${channel}`) : [`card:${deploymentId}`];
    const card = linkToCard(settings.notify, outbox, keys);
    const build: Link | undefined = buildUrl === undefined ? undefined : { label: 'The build', url: buildUrl };
    return [card, build].filter((link) => link !== undefined);
  };
}
