// A hook is one kind of sender: how its deliveries are proved, and how they are read. Proof comes first, on the bytes as
// they came; nothing of an unproved delivery is parsed.

export interface Delivery {
  /** Names in lower case; a name that came twice is a list. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** `id` tells a delivery apart from every other of its sender: a repeated one is the same delivery again. */
export type Proof =
  | { readonly proved: true; readonly id: string }
  | { readonly proved: false; readonly problem: string };

/** What a delivery asks for. */
export interface Order {
  readonly service: string;
  readonly target: string | undefined;
  readonly version: string;
  /** False: only say what a deployment would do. */
  readonly deploy: boolean;
  readonly reason: string | undefined;
  /** Who asked the sender, in the sender's words; kept as a part of the reason, never taken for a person. */
  readonly by: string | undefined;
}

export type Reading = { readonly ok: true; readonly order: Order } | { readonly ok: false; readonly problem: string };

export interface Hook {
  /** Its address is `/hooks/<name>`. */
  readonly name: string;
  verify(delivery: Delivery): Proof;
  parse(payload: unknown): Reading;
}
