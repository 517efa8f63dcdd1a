import type { AuditAction, AuditRow } from '../../domain/audit-events.ts';
// A row of the audit log as other programs read it: a line of JSON, and a message of syslog (RFC 5424). Pure.

/** What most receivers of syslog take; a longer row travels without its detail, which its hash still proves. */
export const datagramBytes = 8 * 1024;
export const messageBytes = 64 * 1024;

/** As `bg audit export` writes it. */
export const jsonOf = (row: AuditRow): string => JSON.stringify({ ...row, time: new Date(row.at).toISOString() });

/** "log audit" */
const facility = 13;
const [warning, notice] = [4, 5];

export function syslogOf(row: AuditRow, { host, mostBytes }: { readonly host: string; readonly mostBytes: number }) {
  const severity = row.code === null || row.action === ('approved' satisfies AuditAction) ? notice : warning;
  const head = [
    `<${facility * 8 + severity}>1`,
    new Date(row.at).toISOString(),
    word(host, 255),
    'bluegreen',
    '-',
    word(row.action, 32),
    dataOf(row),
  ].join(' ');
  const whole = Buffer.from(`${head} \u{feff}${jsonOf(row)}`);
  if (whole.length <= mostBytes) return whole;
  const short = { ...row, detail: { cut: true }, sentence: row.sentence.slice(0, 1_000) };
  return Buffer.from(`${head} \u{feff}${jsonOf(short)}`);
}

/** 32473 is the number that RFC 5612 keeps for examples: private, as long as its owner has none. */
function dataOf({ seq, hash, actor, service, target, deploymentId, code }: AuditRow): string {
  const values = { seq: String(seq), hash, actor, service, target, deployment: deploymentId, code };
  const said = Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [`${name}="${escaped(value.slice(0, 200))}"`],
  );
  return `[audit@32473 ${said.join(' ')}]`;
}

const escaped = (value: string): string => value.replace(/["\\\]]/g, '\\$&').replace(/\p{Cc}/gu, ' ');

function word(text: string, most: number): string {
  const plain = text.replace(/[^\x21-\x7e]/g, '').slice(0, most);
  return plain === '' ? '-' : plain;
}
