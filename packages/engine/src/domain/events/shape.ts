// What an event's detail holds, field by field: the type that a writer must give, and the check with which a reader takes
// it out of a row. A field that an older row lacks, or holds in another form, is absent for its reader.

export type Field<Value> = (found: unknown) => Value | undefined;

/** A writer may leave it out. */
interface Optional<Value> {
  readonly optional: Field<Value>;
}

export type Shape = Readonly<Record<string, Field<unknown> | Optional<unknown>>>;

type ValueOf<F> = F extends Field<infer Value> ? Value : F extends Optional<infer Value> ? Value : never;
type OptionalIn<S extends Shape> = { [Name in keyof S]: S[Name] extends Optional<unknown> ? Name : never }[keyof S];

/** As a writer gives it. */
export type Written<S extends Shape> = { readonly [Name in Exclude<keyof S, OptionalIn<S>>]: ValueOf<S[Name]> } & {
  readonly [Name in OptionalIn<S>]?: ValueOf<S[Name]> | undefined;
};

/** As a reader finds it, in rows of every version. */
export type Read<S extends Shape> = { readonly [Name in keyof S]?: ValueOf<S[Name]> | undefined };

export const text: Field<string> = (found) => (typeof found === 'string' ? found : undefined);

export const count: Field<number> = (found) => (typeof found === 'number' ? found : undefined);

export const flag: Field<boolean> = (found) => (typeof found === 'boolean' ? found : undefined);

export const oneOf =
  <const Value extends string>(...values: readonly Value[]): Field<Value> =>
  (found) =>
    values.find((value) => value === found);

export const orNull =
  <Value>(field: Field<Value>): Field<Value | null> =>
  (found) =>
    found === null ? null : field(found);

export const optional = <Value>(field: Field<Value>): Optional<Value> => ({ optional: field });

/** Its members are this program's own writing, and trusted where the whole is an object. */
export const record =
  <Value extends object>(): Field<Value> =>
  (found) =>
    typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Value) : undefined;

/** Items in another form are left out. */
export const listOf =
  <Value>(field: Field<Value>): Field<readonly Value[]> =>
  (found) =>
    Array.isArray(found) ? found.map(field).filter((item) => item !== undefined) : undefined;

export function readDetail<S extends Shape>(shape: S, detail: Readonly<Record<string, unknown>>): Read<S> {
  const fields = Object.entries(shape).map(([name, field]) => {
    const take = typeof field === 'function' ? field : field.optional;
    return [name, take(detail[name])] as const;
  });
  return Object.fromEntries(fields) as Read<S>;
}
