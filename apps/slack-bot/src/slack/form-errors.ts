// A form closes in silence unless an error belongs to one of its inputs.

export interface FormErrors {
  readonly response_action: 'errors';
  readonly errors: Readonly<Record<string, string>>;
}

export interface SubmittedForm {
  readonly type?: string;
  readonly view?: { readonly blocks?: readonly { readonly type?: string; readonly block_id?: string }[] };
}

/** Undefined for what is no form. */
export function formErrors({ type, view }: SubmittedForm, text: string): FormErrors | undefined {
  const block = view?.blocks?.find((one) => one.type === 'input')?.block_id;
  if (type !== 'view_submission' || block === undefined) return undefined;
  return { response_action: 'errors', errors: { [block]: text } };
}
