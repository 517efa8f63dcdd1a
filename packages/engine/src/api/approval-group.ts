// A group of which some people must be among those who approve a deployment or a contract.

export interface ApprovalGroupView {
  readonly name: string;
  readonly needed: number;
  /** Person ids, in order. */
  readonly given: readonly string[];
}
