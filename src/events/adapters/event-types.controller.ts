import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { OpenToAnyone } from '../../../libs/http/access';
import { htmlPage, htmlText } from '../../../libs/http/html';
import { allEventKinds, type EventKind } from '../../../libs/kernel/domain-event';

/** The catalogue of events: every kind that the code declares. */
@ApiExcludeController()
@Controller('event-types')
export class EventTypesController {
  @Get()
  @OpenToAnyone()
  @Header('content-type', 'text/html; charset=utf-8')
  all(): string {
    const intro =
      'What <code>GET /v1/events</code> lists and webhooks send, with an example of its <code>data</code>: the object as it was afterwards. ' +
      'Filters take a type, a kind of them (<code>license.*</code>, which is neither <code>license_key.*</code> nor <code>seat.*</code>) or <code>*</code>. ' +
      'A webhook sends <code>{"type", "timestamp", "data"}</code>, its id in the header <code>webhook-id</code>. New types and new members may come at any time.';
    return htmlPage('Events', `<h1>Events</h1><p>${intro}</p>${allEventKinds().map(article).join('')}`);
  }
}

const article = ({ type, help, example }: EventKind): string =>
  `<article id="${type}"><h2><a href="#${type}"><code>${type}</code></a></h2><p>${htmlText(help)}</p><pre>${JSON.stringify(example, null, 2)}</pre></article>`;
