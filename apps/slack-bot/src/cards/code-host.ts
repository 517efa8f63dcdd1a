// Addresses on a code host, made of what a build says of itself. A host whose addresses are not known gets none.

import type { Build } from '@bg/engine';

export type Hosted = Pick<Build, 'host' | 'repository' | 'url'>;

/** Foreign text becomes a link only when it is an address of the web. */
export function webUrl(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 1000 || !URL.canParse(text)) return undefined;
  const { protocol, username, password } = new URL(text);
  return ['https:', 'http:'].includes(protocol) && username === '' && password === '' ? text : undefined;
}

export function commitUrl(build: Hosted, commit: string): string | undefined {
  return isCommit(commit) ? under(build, `commit/${commit}`) : undefined;
}

/** Everything that came between two commits. */
export function compareUrl(build: Hosted, from: string, to: string): string | undefined {
  return isCommit(from) && isCommit(to) ? under(build, `compare/${from}...${to}`) : undefined;
}

const isCommit = (text: string): boolean => /^[0-9a-f]{7,64}$/i.test(text);

/** The run's address begins with the repository's, on whatever machine the host is. */
function under({ host, repository, url }: Hosted, page: string): string | undefined {
  const run = webUrl(url);
  if (run === undefined || repository === undefined) return undefined;
  const { origin, pathname, hostname } = new URL(run);
  const at = pathname.indexOf(`/${repository}/`);
  if (at < 0) return undefined;
  const home = `${origin}${pathname.slice(0, at)}/${repository}`;
  if (host === 'gitlab' || pathname.startsWith('/-/', at + repository.length + 1)) return `${home}/-/${page}`;
  return host === 'github' || hostname === 'github.com' ? `${home}/${page}` : undefined;
}
