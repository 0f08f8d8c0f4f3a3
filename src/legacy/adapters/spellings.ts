import { createParamDecorator, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RequestValidation } from '../../../libs/http/validation.pipe';

type Dto<Body extends object> = new () => Body;
type Members = Record<string, unknown>;

const rules = new RequestValidation();

/** The body as it came: nothing is asked of it, unless a pipe beside it does. */
export const BodyAsItCame = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().body,
);

/**
 * A body in any of the spellings that older clients use. Of each member the first spelling that says something counts: null and blank texts say
 * nothing. What is not known is left out, as it always was.
 * @param others by the name of the member, how it is spelled too
 */
export const SpelledBody = <Body extends object>(dto: Dto<Body>, others: Readonly<Record<keyof Body & string, readonly string[]>>) =>
  BodyAsItCame(new Spellings(dto, others));

class Spellings<Body extends object> implements PipeTransform<unknown, unknown> {
  constructor(
    private readonly dto: Dto<Body>,
    private readonly others: Readonly<Record<string, readonly string[]>>,
  ) {}

  transform(body: unknown): unknown {
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    return rules.transform(isObject ? this.folded(body as Members) : body, { type: 'body', metatype: this.dto });
  }

  private folded(body: Members): Members {
    const folded: Members = {};
    for (const [name, others] of Object.entries(this.others)) {
      const said = [name, ...others].map((spelling) => body[spelling]).find(saysSomething);
      if (said !== undefined) folded[name] = said;
    }
    return folded;
  }
}

const saysSomething = (value: unknown): boolean =>
  value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '');
