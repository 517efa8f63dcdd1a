export type MrkdwnNode =
  | string
  | {
      readonly tag: string;
      readonly class?: string;
      readonly href?: string;
      readonly datetime?: string;
      readonly title?: string;
      readonly children: readonly MrkdwnNode[];
    };

export interface Directory {
  readonly user?: (id: string) => string | undefined;
  readonly channel?: (id: string) => string | undefined;
  readonly group?: (id: string) => string | undefined;
}

export function parseMrkdwn(text: string, directory?: Directory): MrkdwnNode[];
export function parsePlain(text: string): MrkdwnNode[];
