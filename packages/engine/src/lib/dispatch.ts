// Tables from a name or a kind to what belongs to it.

/** The entry of a name that comes from outside; undefined for what every object inherits, such as `constructor`. */
export function entryOf<Value>(table: Readonly<Record<string, Value>>, name: string | undefined): Value | undefined {
  return name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}

interface Kind {
  readonly kind: string;
}

/** One function for each kind of a union: a kind without one does not compile. */
export type Handlers<Union extends Kind, Context, Result> = {
  readonly [K in Union['kind']]: (value: Extract<Union, { readonly kind: K }>, context: Context) => Result;
};

export function dispatch<Union extends Kind, Context, Result>(
  handlers: Handlers<Union, Context, Result>,
  value: Union,
  context: Context,
): Result {
  // The one cast: the table's type says that a kind's function takes the values of that kind; this call cannot.
  const handler = handlers[value.kind as Union['kind']] as unknown as (value: Union, context: Context) => Result;
  return handler(value, context);
}
