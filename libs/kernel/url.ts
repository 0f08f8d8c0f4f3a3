/** The address that a text is; null when it is none. (URL.canParse of Node 20, once compiled, refuses letters beyond ASCII that it took before.) */
export function parsedUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
