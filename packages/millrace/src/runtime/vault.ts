/**
 * Seals short texts, so that a store can keep them without being able to read them. What was sealed for one context
 * opens in that context alone, and not at all once a bit of it has changed.
 */
export interface Vault {
  seal(text: string, context: string): string;
  /** @throws OptionsError when its key is not here; Error when it was sealed for another context, or was changed */
  open(sealed: string, context: string): string;
}
