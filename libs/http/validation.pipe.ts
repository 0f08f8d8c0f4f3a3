import { type ArgumentMetadata, Injectable, type PipeTransform, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { accept } from './compiled-validation';
import { type Fault, InvalidRequest } from './refusals';
import { escapePointer } from './strict-json';

/** The DTO is the one description of what a request may hold: what it does not name is refused by name. */
@Injectable()
export class RequestValidation implements PipeTransform {
  private readonly stock = new StockValidation();

  /** Compiled rules accept what is right, at once; the stock pipe decides the rest, and words what is wrong. */
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const accepted = metadata.type === 'custom' ? null : accept(metadata.metatype, value);
    return accepted ?? this.stock.transform(value, metadata);
  }
}

/** The whole of the rules by class-transformer and class-validator: the same outcomes, many times slower. */
export class StockValidation extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => new Refused(errors),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'custom') return value;
    if (metadata.type === 'body' && value === undefined) value = {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      if (metadata.type !== 'body') return value;
      throw new InvalidRequest([{ pointer: '', detail: 'The body must be a JSON object.' }]);
    }
    const pointer = metadata.type === 'query' ? queryPointer : bodyPointer;
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      throw error instanceof Refused ? new InvalidRequest(faultsOf(error.errors, pointer)) : error;
    }
  }
}

/** What the stock pipe found, before it is known whether that was the body or the query. */
class Refused extends Error {
  constructor(readonly errors: ValidationError[]) {
    super('refused');
  }
}

type Pointer = (path: string[]) => string;
const bodyPointer: Pointer = (path) => `/${path.map(escapePointer).join('/')}`;
const queryPointer: Pointer = ([name = '']) => `?${name}`;

function faultsOf(errors: ValidationError[], pointer: Pointer, path: string[] = []): Fault[] {
  return errors.flatMap((error) => {
    const here = [...path, error.property];
    const own = Object.values(error.constraints ?? {}).map((detail) => ({ pointer: pointer(here), detail: sentence(detail) }));
    return [...own, ...faultsOf(error.children ?? [], pointer, here)];
  });
}

const sentence = (detail: string): string => detail.replace(/^property (\S+) should not exist$/, '$1 is not known here');
