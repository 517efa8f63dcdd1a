// Which default PostgreSQL evaluates once, and which row by row. An unknown one counts as the latter.

import type { Node } from 'libpg-query';
import { dotted, some } from './tree.ts';

/** Functions of the server that are stable or immutable, or touch nothing but a sequence or a setting. */
const steady = new Set(
  `now transaction_timestamp statement_timestamp current_setting current_user session_user current_schema current_database
  timezone date_trunc date_part extract make_date make_time make_interval make_timestamp make_timestamptz to_timestamp to_char to_date to_number age
  lower upper initcap concat concat_ws md5 sha256 left right substr substring replace trim btrim ltrim rtrim lpad rpad repeat length encode decode format
  abs ceil ceiling floor round trunc mod power sqrt sign greatest least coalesce nullif
  array_fill string_to_array cardinality json_build_object jsonb_build_object json_build_array jsonb_build_array to_json to_jsonb jsonb_object
  int4range int8range numrange tsrange tstzrange daterange to_tsvector to_tsquery point box circle inet cidr uuid_nil txid_current pg_current_xact_id
  count sum min max avg string_agg array_agg bool_and bool_or row_number rank unnest generate_series exists setval set_config pg_get_serial_sequence`.split(
    /\s+/,
  ),
);

/** The name of the first function that is volatile, or not known; undefined when the default is worked out once. */
export function volatileIn(expression: Node, except: ReadonlySet<string> = new Set()): string | undefined {
  let culprit: string | undefined;
  some(expression, ({ FuncCall: call }) => {
    if (call === undefined) return false;
    const name = dotted((call as { funcname?: Node[] }).funcname).replace(/^pg_catalog\./, '');
    if (steady.has(name) || except.has(name)) return false;
    culprit = `${name}()`;
    return true;
  });
  return culprit;
}
