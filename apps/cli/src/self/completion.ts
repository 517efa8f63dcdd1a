// Completion of commands and options, made from the table of commands. Values (versions, places) are not completed: that
// would open the state at each press of a key.

import type { Entry } from './tree.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const writers: Readonly<Record<Shell, (entries: readonly Entry[]) => string>> = { bash, zsh, fish };

export const completionFor = (shell: Shell, entries: readonly Entry[]): string => writers[shell](entries);

/** Of all the words before the cursor, those that name a command; the longest such path decides. */
function bash(entries: readonly Entry[]): string {
  const cases = entries.map(({ words, below, options }) => {
    const known = [...below.map(([name]) => name), ...options.flatMap(({ names }) => names)];
    return `    ${quoted(words.join(' '))}) known=${quoted([...known, '--help'].join(' '))} ;;`;
  });
  return `# bash completion for bg: source it, or put it into /etc/bash_completion.d
_bg() {
  local word at='' next known=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${at:+$at }$word"
    case "$next" in
${pathCase(entries, 'at=$next')}
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$known" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _bg bg
`;
}

function zsh(entries: readonly Entry[]): string {
  const cases = entries.map(({ words, below, options }) => {
    const known = [
      ...below,
      ...options.flatMap(({ names, summary }) => names.map((name) => [name, summary] as const)),
      ['--help', 'how it is used'] as const,
    ];
    const described = known.map(([name, summary]) => quoted(`${name.replaceAll(':', '\\:')}:${plainly(summary)}`));
    return `    ${quoted(words.join(' '))}) known=(${described.join(' ')}) ;;`;
  });
  return `#compdef bg
_bg() {
  local word at='' next
  local -a known
  for word in "\${words[@]:1:CURRENT-2}"; do
    next="\${at:+$at }$word"
    case "$next" in
${pathCase(entries, 'at=$next')}
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  _describe 'bg' known || _files
}
if [[ "$funcstack[1]" = _bg ]]; then _bg "$@"; else compdef _bg bg; fi
`;
}

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ words, below, options }) => {
    const here = `-n ${quoted(`__bg_at ${quotedInside(words.join(' '))}`)}`;
    return [
      ...below.map(([name, summary]) => `complete -c bg ${here} -a ${name} -d ${quoted(plainly(summary))}`),
      ...options.map(
        ({ names, summary }) =>
          `complete -c bg ${here} ${names.map(fishName).join(' ')} -d ${quoted(plainly(summary))}`,
      ),
    ];
  });
  const paths = entries.filter(({ words }) => words.length > 0).map(({ words }) => quoted(words.join(' ')));
  return `# fish completion for bg
set -g __bg_paths ${paths.join(' ')}
function __bg_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$at $word")
    contains -- $next $__bg_paths; and set at $next
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

const pathCase = (entries: readonly Entry[], then: string): string => {
  const paths = entries.filter(({ words }) => words.length > 0).map(({ words }) => quoted(words.join(' ')));
  return `      ${paths.join('|')}) ${then} ;;`;
};

const fishName = (name: string): string => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`);
const plainly = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll("'", '’');
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const quotedInside = (text: string): string => `"${text}"`;
