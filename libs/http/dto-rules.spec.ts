import { validateSync } from 'class-validator';
import { IsLine, IsMetadata } from './dto-rules';

class Thing {
  @IsLine(64)
  name!: string;

  @IsMetadata()
  metadata!: Record<string, string>;
}

const wrongMembers = (thing: Partial<Thing>) =>
  validateSync(Object.assign(new Thing(), { name: 'a', metadata: {} }, thing)).map(({ property }) => property);

describe('A length is counted in characters, however they are stored:', () => {
  it.each(['x', 'é', '漢', '😀'])('%s', (character) => {
    const of = (length: number) => character.repeat(length);
    expect([of(64), of(65), of(128)].map((name) => wrongMembers({ name }))).toEqual([[], ['name'], ['name']]);
    const inMetadata = [{ [of(64)]: 'a' }, { [of(65)]: 'a' }, { a: of(1000) }, { a: of(1001) }];
    expect(inMetadata.map((metadata) => wrongMembers({ metadata }))).toEqual([[], ['metadata'], [], ['metadata']]);
  });
});
