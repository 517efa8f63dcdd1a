// Mail before there is any: every template with sample facts, for people and for the check at the start; and one real
// mail to a person, to see that it arrives.

import type { ConfigProblem } from '../../config/kit/problems.ts';
import { findPerson } from '../../config/people/people.ts';
import type { Settings } from '../../config/settings.ts';
import { type MailKind, mailKinds } from '../../domain/notices.ts';
import { systemClock } from '../../lib/clock.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { type Drawn, drawMail, type LinksOf } from './draw.ts';
import { sampleSummary, samples } from './samples.ts';
import { createSmtpClient, loginProblem } from './smtp.ts';
import { drawSummary } from './summary.ts';
import { readTemplates, type Templates } from './templates.ts';

export interface MailPreview extends Drawn {
  readonly drawing: MailKind;
}

/** @throws BlueGreenError `config-invalid` or `template-invalid` */
export function previewMails({ notify }: Settings): readonly MailPreview[] {
  const templates = readTemplates(notify.mail?.templates);
  const workspace = notify.workspace ?? notify.link ?? 'https://example.slack.com';
  const links: LinksOf = ({ buildUrl }) => [
    { label: 'The card in Slack', url: `${workspace}/archives/C0SAMPLE/p1772892300000100` },
    ...(buildUrl === undefined ? [] : [{ label: 'The build', url: buildUrl }]),
  ];
  return drawAll(templates, links);
}

/** What `bg config check` says of the templates; nothing when every one of them can be filled in. */
export function mailProblem(settings: Settings): ConfigProblem | undefined {
  try {
    previewMails(settings);
    return undefined;
  } catch (thrown) {
    const place = { path: 'notify.mail.templates', line: undefined, column: undefined };
    return { severity: 'error', ...place, message: messageOf(thrown) };
  }
}

/** @throws BlueGreenError `template-invalid` naming the template that cannot be filled in */
export function checkTemplates(templates: Templates): void {
  drawAll(templates, () => [{ label: 'The card in Slack', url: 'https://example.slack.com' }]);
}

function drawAll(templates: Templates, linksOf: LinksOf): readonly MailPreview[] {
  return mailKinds.map((drawing) => {
    if (drawing === 'summary') return { drawing, ...drawSummary(templates, sampleSummary) };
    const facts = drawing === 'digest' ? samples : samples.filter(({ name }) => name === drawing);
    return {
      drawing,
      ...drawMail(templates, { facts, more: drawing === 'digest' ? 3 : 0, roles: ['developers'] }, linksOf),
    };
  });
}

/**
 * Sends the sample of `live` to one person and waits for the answer of the mail server.
 * @throws BlueGreenError `not-found` or `config-invalid` when there is no such person, or nothing to send with
 */
export async function sendTestMail(
  settings: Settings,
  personId: string,
  stop: AbortSignal,
): Promise<{ readonly address: string; readonly problem: string | undefined }> {
  const { mail } = settings.notify;
  if (mail === undefined)
    throw new BlueGreenError('config-invalid', 'notify.mail is not configured, so no mail is sent');
  const missing = loginProblem(mail);
  if (missing !== undefined) throw new BlueGreenError('config-invalid', missing);
  const person = findPerson(settings, { id: personId });
  if (person === undefined) throw new BlueGreenError('not-found', `no person in people has the id "${personId}"`);
  if (person.email === undefined) throw new BlueGreenError('config-invalid', `${personId} has no email in people`);
  const drawn = previewMails(settings).find(({ drawing }) => drawing === 'live');
  const smtp = createSmtpClient(mail, systemClock);
  const id = `<test-${systemClock.now()}@${mail.from.address.split('@')[1]}>`;
  try {
    const to = { name: person.name, address: person.email };
    const email = { subject: '', text: '', html: '', ...drawn, to, messageId: id, thread: id };
    const result = await smtp.send({ ...email, subject: `Test: ${email.subject}` }, stop);
    return { address: person.email, problem: result.kind === 'sent' ? undefined : result.problem };
  } finally {
    smtp.close();
  }
}
