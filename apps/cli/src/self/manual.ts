// The manual page: man(7) macros, made from the table of commands.

import { exitCodeHelp } from '../exit.ts';
import type { Entry } from './tree.ts';

/** `date`: of the version, `2026-11-30`. */
export function manualPage(entries: readonly Entry[], { version, date }: { version: string; date: string }): string {
  const [own, ...commands] = entries;
  const sections = [
    `.TH BG 1 "${date}" "bluegreen ${version}" "Blue-green deployments"`,
    '.SH NAME\nbg \\- blue-green deployments from the shell',
    `.SH SYNOPSIS\n.B bg\n.RI [ options ] " command " [ arguments ]`,
    `.SH DESCRIPTION\n${roff(own?.summary ?? '')}`,
    `.SH OPTIONS\n${optionsOf(own)}`,
    `.SH COMMANDS\n${commands.map((each) => `.SS ${roff(each.usage)}\n${roff(each.summary)}\n${optionsOf(each)}`).join('\n')}`,
    `.SH EXIT STATUS\n.nf\n${roff(exitCodeHelp.replace(/^\s*Exit codes:\n/, '').trimEnd())}\n.fi`,
    '.SH FILES\n.TP\n.I ./bluegreen.yaml\nThe configuration, unless --config or BLUEGREEN_CONFIG names another one.',
  ];
  return `${sections.join('\n')}\n`;
}

const optionsOf = (entry: Entry | undefined): string =>
  (entry?.options ?? []).map(({ flags, summary }) => `.TP\n.B ${roff(flags)}\n${roff(summary)}`).join('\n');

/** A line that begins with a dot or an apostrophe would be a request. */
function roff(text: string): string {
  const ascii = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  const escaped = ascii.replaceAll(
    /[^ -~\n]/gu,
    (sign) => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
  return escaped.replaceAll(/^(?=[.'])/gm, '\\&').replaceAll(/\n{2,}/g, '\n.PP\n');
}
