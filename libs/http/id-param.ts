import type { PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { type IdKind, parsePublicId, publicId } from '../kernel/id';
import { faultOfId } from './dto-rules';
import { InvalidRequest } from './refusals';

/** Reads a public id from the path; one with the wrong prefix is told which was expected. */
export function idParam(kind: IdKind, name: string): PipeTransform<string, string> {
  return {
    transform(text) {
      const id = parsePublicId(kind, text);
      if (id === null) throw new InvalidRequest([{ pointer: `{${name}}`, detail: `${name} ${faultOfId(kind, text)}` }]);
      return id;
    },
  };
}

export const exampleId = (kind: IdKind): string => publicId(kind, '019ab000-0000-7000-8000-000000000001');

export const DescribesId = (kind: IdKind, name: string, description: string) =>
  ApiParam({ name, description, schema: { type: 'string', example: exampleId(kind) } });
