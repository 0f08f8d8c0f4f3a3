import { Type as Transform } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import type { Page } from '../kernel/page';
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { InvalidRequest } from './refusals';
import { IsLine, Optional } from './dto-rules';

/** The part of a query string that every list understands. */
export class PageQuery {
  @ApiProperty({ required: false, default: 20, minimum: 1, maximum: 100, type: 'integer', description: 'How many, 1 to 100', example: 20 })
  @Optional()
  @Transform(() => Number)
  @Max(100)
  @Min(1)
  @IsInt()
  limit: number = 20;

  @ApiProperty({ required: false, description: '`next_cursor` of the page before' })
  @Optional()
  @IsLine(200)
  cursor?: string;
}

/** The same, for lists that may go over all brands. The guard reads `brand`. */
export class AnyBrandPageQuery extends PageQuery {
  @ApiProperty({ required: false, description: 'For internal keys: the id or slug of the brand', example: 'demo' })
  @Optional()
  @IsLine(100)
  brand?: string;
}

/** The id after which the page begins; null for the first page. */
export function cursorOf({ cursor }: PageQuery): string | null {
  if (cursor === undefined) return null;
  const hex = Buffer.from(cursor, 'base64url').toString('hex');
  if (hex.length !== 32 || toCursor(hex) !== cursor)
    throw new InvalidRequest([{ pointer: '?cursor', detail: 'cursor is not one that a list has answered' }]);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const toCursor = (uuid: string): string => Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');

export interface ListObject<Item> {
  object: 'list';
  data: Item[];
  has_more: boolean;
  next_cursor: string | null;
}

export const listOf = <Row, Item>({ items, next }: Page<Row>, view: (row: Row) => Item): ListObject<Item> => ({
  object: 'list',
  data: items.map(view),
  has_more: next !== null,
  next_cursor: next === null ? null : toCursor(next),
});

/** Documents an answer that is a list of that object. */
export const AnswersList = (item: Type, description = 'A page, newest first') =>
  applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({
      description,
      schema: {
        type: 'object',
        required: ['object', 'data', 'has_more', 'next_cursor'],
        properties: {
          object: { type: 'string', enum: ['list'] },
          data: { type: 'array', items: { $ref: getSchemaPath(item) } },
          has_more: { type: 'boolean', example: false },
          next_cursor: { type: ['string', 'null'] as never, example: null },
        },
      },
    }),
  );
