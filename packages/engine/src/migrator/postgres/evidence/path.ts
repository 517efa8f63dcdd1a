// Where names without a schema are searched: as in production, even if a file sets another path for its session.

import type { Session } from '../session.ts';
import { quoted } from './session.ts';

export interface SearchPath {
  /** Those that exist, in order; `"$user"` is resolved. */
  readonly schemas: readonly string[];
  /** Where CREATE TABLE without a schema goes. */
  readonly first: string;
}

export async function readPath(production: Session): Promise<SearchPath> {
  const [row] = await production.ask('SELECT current_schemas(false)::text[] AS schemas');
  const schemas = row?.schemas as readonly string[];
  return { schemas, first: schemas[0] ?? 'public' };
}

export const pathText = ({ schemas }: SearchPath): string => schemas.map(quoted).join(', ');

export async function usePath(session: Session, path: SearchPath): Promise<void> {
  await session.ask("SELECT set_config('search_path', $1, false)", [pathText(path)]);
}
