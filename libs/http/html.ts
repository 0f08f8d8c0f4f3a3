/** A page of documentation that the service answers itself. */
export const htmlPage = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Latchkey</title>` +
  `<style>body{font:16px/1.5 system-ui;max-width:44rem;margin:3rem auto;padding:0 1rem}code,pre{background:#eee;padding:0 .3em}pre{padding:.6em;overflow:auto}</style><main>${body}</main></html>`;

/** Words of ours, in which `code` is marked. */
export const htmlText = (text: string): string => text.replace(/`([^`]+)`/g, '<code>$1</code>');
