// A hook is one kind of sender: how the receiver proves its deliveries and distinguishes them. It proves first, on the
// bytes as they came, and parses nothing of an unproved delivery.

export interface Delivery {
  /** Names in lower case; a name that came twice is a list, or joined by commas. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export type Proof =
  | {
      readonly proved: true;
      readonly problem?: undefined;
      /** The sender's own id of this delivery; an attacker who replays a delivery may change an unsigned id. */
      readonly delivery: string;
      /** Equal for deliveries that say the same, by what was signed. */
      readonly content: string;
      /** What the sender calls this kind of event; '' where it does not say. */
      readonly kind: string;
      /** What is stored: the body, or what it says together with the headers that belong to it. */
      readonly body: Buffer;
    }
  /** The sender is known, so the answer may say why the delivery cannot be read. */
  | { readonly proved: true; readonly problem: string }
  /** For our own log; the sender does not see it. */
  | { readonly proved: false; readonly problem: string };

export interface Hook {
  /** Its address is `/hooks/<name>`. */
  readonly name: string;
  /** Whether the answer contains the result of the delivery: a code host only wants to know that it is stored. */
  readonly tellsResult: boolean;
  verify(delivery: Delivery): Proof;
}

/** Beyond this a header is no id, and would only fill the inbox. */
export const maxIdLength = 200;

/** A header that came once. */
export function one(header: Delivery['headers'][string]): string | undefined {
  return typeof header === 'string' && header !== '' ? header : undefined;
}
