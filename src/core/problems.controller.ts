import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { OpenToAnyone } from '../../libs/http/access';
import { statusOf } from '../../libs/http/problem';
import { RouteNotFound } from '../../libs/http/refusals';
import { allRefusals, findRefusal, type Refusal } from '../../libs/kernel/domain-error';

/** The documentation pages that the `type` of every problem points to. */
@ApiExcludeController()
@Controller('problems')
export class ProblemsController {
  @Get()
  @OpenToAnyone()
  @Header('content-type', 'text/html; charset=utf-8')
  all(): string {
    return page('Problems', `<p>Every refusal has a code. Clients match on it.</p>${allRefusals().map(article).join('')}`);
  }

  @Get(':code')
  @OpenToAnyone()
  @Header('content-type', 'text/html; charset=utf-8')
  one(@Param('code') code: string): string {
    const refusal = findRefusal(code);
    if (!refusal) throw new RouteNotFound();
    return page(refusal.title, `${article(refusal)}<p><a href="/problems">All problems</a></p>`);
  }
}

const article = ({ code, kind, title, help }: Refusal): string =>
  `<article><h2><a href="/problems/${code}">${title}</a></h2><p><code>${code}</code> · ${statusOf[kind]}</p><p>${help.replace(/`([^`]+)`/g, '<code>$1</code>')}</p></article>`;

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Latchkey</title>` +
  `<style>body{font:16px/1.5 system-ui;max-width:44rem;margin:3rem auto;padding:0 1rem}code{background:#eee;padding:0 .3em}</style><main>${body}</main></html>`;
