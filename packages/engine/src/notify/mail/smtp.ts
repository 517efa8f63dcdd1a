// The only module that knows nodemailer: one mail to the mail server, and what its answer means.

import { readFileSync } from 'node:fs';
import type * as Nodemailer from 'nodemailer';
import type { MailSettings } from '../../config/notify/settings.ts';
import { type Clock, deadline, pause } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { DeliveryResult } from '../delivery-result.ts';
import { oneLine } from '../text.ts';
import type { Drawn } from './draw.ts';

export interface Email extends Drawn {
  readonly to: { readonly name: string; readonly address: string };
  /** The same for the same news to the same person, so that a second one after a crash can be recognized. */
  readonly messageId: string;
  /** What mail programs show together. */
  readonly thread: string;
}

export interface SmtpClient {
  /** Resolves when the server has taken it, or has not. */
  send(email: Email, stop: AbortSignal): Promise<DeliveryResult>;
  close(): void;
}

const connectMs = 10_000;
const silenceMs = 30_000;
/** A mail to a server that dribbles its answers is given up after this time, in whatever state. */
const oneMailMs = 60_000;
/** The time that a mail in progress still gets when the process ends. */
const lastMs = 5_000;

/** Connects with the first mail and holds the connection; after trouble connects again and reads the password again. */
export function createSmtpClient(settings: MailSettings, clock: Clock): SmtpClient {
  let mailer: ReturnType<typeof connect> | undefined;

  function close(): void {
    mailer?.close({ force: true });
    mailer = undefined;
  }

  async function send(email: Email, stop: AbortSignal): Promise<DeliveryResult> {
    const over = new AbortController();
    const limit = AbortSignal.any([deadline(oneMailMs), afterwards(clock, stop, over.signal)]);
    try {
      // Loaded with the first mail: most commands send none.
      const { createTransport } = await import('nodemailer');
      mailer ??= connect(createTransport, settings);
      await mailer.sendMail({ ...asMail(settings, email), signal: limit });
      return { kind: 'sent', reference: { messageId: email.messageId } };
    } catch (thrown) {
      const result = deliveryResultOfError(thrown, settings);
      if (result.kind === 'later' && result.holdsAll) close();
      return result;
    } finally {
      over.abort();
    }
  }

  return { send, close };
}

/** Aborts a while after `stop` did. */
function afterwards(clock: Clock, stop: AbortSignal, over: AbortSignal): AbortSignal {
  const late = new AbortController();
  const wait = () => void pause(clock, lastMs, over).then(() => late.abort());
  if (stop.aborted) wait();
  else stop.addEventListener('abort', wait, { once: true, signal: over });
  return late.signal;
}

/** @throws when the file of the password or of the certificate cannot be read */
function connect(createTransport: typeof Nodemailer.createTransport, { host, port, tls, ca, login }: MailSettings) {
  return createTransport({
    pool: true,
    maxConnections: 1,
    maxRequeues: 0,
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }) },
    ...(login === undefined ? {} : { auth: { user: login.user ?? '', pass: passwordOf(login.password) } }),
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    dnsTimeout: connectMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

type Password = NonNullable<MailSettings['login']>['password'];

function passwordOf({ value, file }: Password): string {
  return file === undefined ? (value ?? '') : readFileSync(file, 'utf8').trim();
}

function asMail({ from }: MailSettings, { to, subject, text, html, messageId, thread }: Email) {
  return {
    from,
    to,
    // Not taken from the headers, so that no name can add a recipient.
    envelope: { from: from.address, to: [to.address] },
    subject,
    text,
    html,
    messageId,
    references: thread,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  };
}

interface MailError {
  readonly code?: string | undefined;
  readonly command?: string | undefined;
  readonly responseCode?: number | undefined;
}

/** What a server says of a recipient or of the mail concerns this mail; everything else concerns all of them. */
function deliveryResultOfError(thrown: unknown, settings: MailSettings): DeliveryResult {
  const { code, command, responseCode } = (thrown ?? {}) as MailError;
  const problem = problemOf(thrown, settings);
  const isOfThisMail = (code === 'EENVELOPE' || code === 'EMESSAGE') && command !== 'MAIL FROM';
  if (!isOfThisMail || responseCode === 421) return { kind: 'later', problem, holdsAll: true };
  // Without an answer of the server it was refused here: the address is not valid.
  if (responseCode === undefined || (responseCode >= 500 && responseCode !== 503)) return { kind: 'refused', problem };
  return { kind: 'later', problem, holdsAll: false };
}

const shownAtMost = 300;

/** A refused login is reported without the words of the server, which may contain what was sent. */
function problemOf(thrown: unknown, { host, port, login }: MailSettings): string {
  const { code, responseCode } = (thrown ?? {}) as MailError;
  const who = `the mail server ${host}:${port}`;
  if (code === 'EAUTH') return `${who} refused the login${responseCode === undefined ? '' : ` (${responseCode})`}`;
  if (code === 'EABORT') return `${who} did not take the mail in time`;
  const said = oneLine(messageOf(thrown), shownAtMost);
  const password = login?.password.value ?? '';
  return `${who}: ${password === '' ? said : said.replaceAll(password, '[secret]')}`;
}

/** Undefined when this process was given what it needs to log in. */
export function loginProblem({ login }: MailSettings): string | undefined {
  if (login === undefined) return undefined;
  const { value, file } = login.password;
  if (login.user !== undefined && (value !== undefined || file !== undefined)) return undefined;
  return 'notify.mail: a variable of user or password is not set in the environment of this process, which sends no mail';
}
