/** Text that may stand in a page as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | null | undefined | false | Markup | readonly Markup[];

const signs: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const isList = (part: Part): part is readonly Markup[] => Array.isArray(part);

const shown = (part: Part): string => {
  if (part instanceof Markup) return part.text;
  if (isList(part)) return part.map(({ text }) => text).join('');
  if (part === null || part === undefined || part === false) return '';
  return String(part).replace(/[&<>"']/g, (sign) => signs[sign]!);
};

/** A piece of a page: whatever is put into it is escaped, unless it is a piece itself. */
export const html = (texts: TemplateStringsArray, ...parts: Part[]): Markup =>
  new Markup(texts.map((text, at) => text + (at < parts.length ? shown(parts[at]) : '')).join(''));

export const money = (amount: number, currency: string): string => `${(amount / 100).toFixed(2)} ${currency.toUpperCase()}`;

export const moment = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('T', ' ').slice(0, 16);

export const dayOf = (seconds: number): string => moment(seconds).slice(0, 10);

const style = `
:root{color-scheme:light dark;--ink:#1d2433;--soft:#667085;--line:#e3e6ec;--ground:#f6f7f9;--card:#fff;--main:#4f46e5;--good:#107c41;--bad:#b42318;--mid:#b54708}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#98a2b3;--line:#2c3342;--ground:#12151c;--card:#1b202b;--main:#818cf8;--good:#4ade80;--bad:#f97066;--mid:#fdb022}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:30rem;margin:2.5rem auto;padding:0 1rem}main.wide{max-width:76rem}
.banner{background:var(--mid);color:#fff;text-align:center;padding:.3rem;font-size:.85rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.25rem 1.5rem;margin:0 0 1.25rem}
h1{font-size:1.5rem;margin:0 0 .75rem}h2{font-size:1.05rem;margin:0 0 .6rem}p{margin:.4rem 0}.soft{color:var(--soft)}.big{font-size:2rem;font-weight:650;margin:.1rem 0 .8rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{text-align:left;padding:.45rem .6rem .45rem 0;border-top:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:500;border:0}
.scroll{overflow-x:auto}label{display:block;font-size:.85rem;color:var(--soft);margin:.7rem 0 .2rem}
input,select{width:100%;padding:.55rem .7rem;border:1px solid var(--line);border-radius:8px;background:var(--ground);color:inherit;font:inherit}
input.small,select.small{width:5.5rem;padding:.2rem .4rem}
button{font:inherit;padding:.65rem 1rem;border-radius:8px;border:1px solid var(--line);background:var(--card);color:inherit;cursor:pointer;width:100%;margin-top:.6rem}
button.main{background:var(--main);border-color:var(--main);color:#fff;font-weight:600}
.row{display:flex;flex-wrap:wrap;gap:.4rem;align-items:center}.row form,form.row{margin:0}.row button{width:auto;margin:0;padding:.2rem .6rem;font-size:.85rem}
.tag{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:0 .55rem;font-size:.8rem}.good{color:var(--good)}.bad{color:var(--bad)}.mid{color:var(--mid)}
.notice{border:1px solid var(--bad);color:var(--bad);border-radius:8px;padding:.6rem .8rem;margin:0 0 1rem}
code,pre{font:13px/1.5 ui-monospace,monospace}pre{overflow:auto;background:var(--ground);border:1px solid var(--line);border-radius:8px;padding:.8rem}a{color:var(--main)}`;

/** A whole page; it needs no script. */
export const pageOf = (title: string, body: Markup, wide = false): string =>
  `<!doctype html>${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        <div class="banner">Fake Stripe: no real money, no real card</div>
        <main class="${wide ? 'wide' : ''}">${body}</main>
      </body>
    </html>`.text
  }`;
