/** A store as it may be shown: without the password in its URL. */
export function storeText(target: string): string {
  return target
    .replace(/^([a-z][a-z\d+.-]*:\/\/[^/@:?]*):[^/@?]*@/i, "$1:…@")
    .replaceAll(/([?&]password=)[^&]*/gi, "$1…");
}
