// Reads what a server answers on one connection, in whatever pieces it comes: an answer is one whose head is whole.

export interface Answer {
  readonly status: number;
  /** It has a Retry-After header. */
  readonly asksToWait: boolean;
}

/** Takes the next piece, and returns the answers whose heads it completes. A `100 Continue` is none. */
export function createAnswerReader(): (piece: string) => readonly Answer[] {
  let unread = '';
  return (piece) => {
    unread += piece;
    const answers: Answer[] = [];
    let end = 0;
    for (const match of unread.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/g)) {
      const [head, status, fields = ''] = match;
      end = match.index + head.length;
      if (status !== '100') answers.push({ status: Number(status), asksToWait: /^retry-after: \d+\r$/im.test(fields) });
    }
    unread = unread.slice(end);
    return answers;
  };
}
