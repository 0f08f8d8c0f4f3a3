import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { OpenToAnyone } from '../../libs/http/access';
import { htmlPage, htmlText } from '../../libs/http/html';
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
    return htmlPage('Problems', `<p>Every refusal has a code. Clients match on it.</p>${allRefusals().map(article).join('')}`);
  }

  @Get(':code')
  @OpenToAnyone()
  @Header('content-type', 'text/html; charset=utf-8')
  one(@Param('code') code: string): string {
    const refusal = findRefusal(code);
    if (!refusal) throw new RouteNotFound();
    return htmlPage(refusal.title, `${article(refusal)}<p><a href="/problems">All problems</a></p>`);
  }
}

const article = ({ code, kind, title, help }: Refusal): string =>
  `<article><h2><a href="/problems/${code}">${title}</a></h2><p><code>${code}</code> · ${statusOf[kind]}</p><p>${htmlText(help)}</p></article>`;
