export function statementsOf(release: { readonly version: string; readonly money?: 'amount' | 'cents' }): {
  readonly insert: string;
  readonly totals: string;
  readonly probe: string;
};
