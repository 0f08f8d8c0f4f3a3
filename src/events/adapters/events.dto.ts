import { Matches } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { IsLine, IsPublicId, Optional } from '../../../libs/http/dto-rules';
import { AnyBrandPageQuery } from '../../../libs/http/paging';
import { publicId } from '../../../libs/kernel/id';
import type { JsonObject } from '../../../libs/kernel/json';
import type { LoggedEvent } from '../../../libs/kernel/domain-event';

export class EventsQuery extends AnyBrandPageQuery {
  /** The last event that the caller has: the answer begins behind it. @example "evt_06efg00000e0082000000000000" */
  @Optional()
  @IsPublicId('event')
  after?: string;

  @ApiProperty({ required: false, description: 'A type, or a kind of them', example: 'license.*' })
  @Optional()
  @Matches(/^[a-z_]+(\.[a-z_]+)*(\.\*)?$/, { message: 'type must be like license.renewed or license.*' })
  @IsLine(100)
  type?: string;
}

export class EventObject {
  /** The same as `webhook-id`. @example "evt_06efg00000e0082000000000000" */
  id!: string;
  /** @example "brd_06efg00000e0082000000000000" */
  brand_id!: string;
  /** Its place in the brand’s log: 1, 2, 3 …, without a gap. @example 42 */
  sequence!: number;
  /** @example "license.renewed" */
  type!: string;
  /** @example "2026-11-23T12:00:00.000Z" */
  occurred_at!: string;
  /** The object as it was afterwards; with `version`, so that stale news can be told. See `/event-types`. @example { "id": "lic_06efg00000e0082000000000000", "version": 3 } */
  data!: JsonObject;
}

export const eventObject = ({ id, brandId, sequence, type, occurredAt, data }: LoggedEvent): EventObject => ({
  id: publicId('event', id),
  brand_id: publicId('brand', brandId),
  sequence,
  type,
  occurred_at: occurredAt.toISOString(),
  data: data as JsonObject,
});
