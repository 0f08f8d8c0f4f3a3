import type { Type as Dto } from '@nestjs/common';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  IsDefined,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  MinLength,
  registerDecorator,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  ValidatePromise,
} from 'class-validator';
import { expectSameOutcome } from '../../test/fixtures/validation';
import { accept, isCompiled } from './compiled-validation';
import { RequestValidation } from './validation.pipe';

const Anything = () => ValidateBy({ name: 'anything', validator: { validate: () => true } });
const SaysYes = (answer: unknown) => ValidateBy({ name: 'saysYes', validator: { validate: () => answer as boolean } });

class Free {
  @Anything() value?: unknown;
}

class Parent {
  @MaxLength(3) @IsString() short!: string;
  @IsInt() count!: number;
}
class Child extends Parent {
  @MaxLength(9) declare short: string;
  @IsOptional() @IsInt() declare count: number;
}

class Heir extends Parent {}

class WithDefault {
  @IsInt() count = 7;
  @Anything() other?: unknown;
}

class Transformed {
  @Max(100) @IsInt() @Type(() => Number) limit: number = 20;
  @Transform(({ value }) => (typeof value === 'string' ? value.trim() : (value as unknown))) @MinLength(1) name!: string;
}

class Conditional {
  @ValidateIf((object: Conditional, value) => object.kind === 'a' && value !== undefined)
  @ValidateIf((_, value) => value !== null)
  @IsInt()
  count?: number | null;

  @Anything() kind?: unknown;
}

class Grant {
  @IsString() code!: string;
  @IsOptional() @IsInt() seats?: number;
}
class Nesting {
  @IsOptional() @ValidateNested() @IsObject() @Type(() => Grant) one?: Grant;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Grant) many?: Grant[];
  @IsOptional() @ValidateNested() untyped?: unknown;
}

class Lists {
  @IsOptional() @IsIn(['a', 'b'], { each: true }) tags?: string[];
  @IsOptional() @IsIn(['a', 'b'], { each: true }) @Type(() => String) set?: Set<string>;
}

class Renamed {
  @Expose({ name: 'given' }) @IsString() taken!: string;
  @IsOptional() @Exclude() @IsString() hidden?: string;
}

class HoldsMore {
  @IsOptional() @IsInt() count?: number;
  extra = 1;
}
const one = () => 1;
class HoldsFunction {
  @Anything() act: unknown = one;
}
class HasMethod {
  @IsOptional() @IsInt() count?: number;
  get fixed() {
    return 1;
  }
  act() {}
}

describe('As the stock pipe decides', () => {
  // Each row: a DTO, and values of which the compiled rules accept so many.
  it.each<[Dto, number, () => unknown[]]>([
    [Child, 2, () => [{ short: 'four', count: 1 }, { count: null, short: 'a' }, { short: 'a', count: 'x' }, { short: '4'.repeat(10) }, {}]],
    [
      Heir,
      1,
      () => [
        { short: 'a', count: 1 },
        { short: 'four', count: 1 },
      ],
    ],
    [WithDefault, 3, () => [{}, { count: 1 }, { other: 1, count: 2 }, { count: undefined }, { count: 'x' }]],
    [
      Transformed,
      2,
      () => [{ name: ' a ' }, { limit: '5', name: 'a' }, { name: ' ' }, { name: 'a', limit: 'x' }, { limit: null, name: 'a' }],
    ],
    [Conditional, 4, () => [{}, { count: 'x' }, { kind: 'a', count: null }, { kind: 'a', count: 1 }, { count: 'x', kind: 'a' }]],
    [
      Nesting,
      8,
      () => [
        {},
        { one: { code: 'a', seats: 1 } },
        ...[{}, [], [{ code: 'a' }], 'a', 7, { code: 1 }, { code: 'a', more: 1 }, Buffer.from('a')].map((one) => ({ one })),
        ...[[], [{ code: 'a' }, { code: 'b' }], [[{ code: 'a' }]], { code: 'a' }].map((many) => ({ many })),
        ...[{}, [{ code: 'a' }, null], [[7]], 'a', [Buffer.from('a')]].map((many) => ({ many })),
        ...[[], {}, [{}], 'a', null].map((untyped) => ({ untyped })),
      ],
    ],
    [
      Lists,
      4,
      () => [{ tags: ['a', 'b'] }, { tags: [] }, { tags: 'a' }, {}, { tags: ['a', 'c'] }, { tags: 'c' }, { set: ['a'] }, { set: ['c'] }],
    ],
    [Renamed, 3, () => [{ given: 'a' }, { taken: 'a' }, { given: 1 }, { given: 'a', hidden: 'b' }, { given: 'a', taken: 'b' }]],
    [HoldsMore, 0, () => [{}, { count: 1 }]],
    [HoldsFunction, 2, () => [{}, { act: 1 }]],
    [HasMethod, 2, () => [{}, { count: 1 }, { act: 1 }, { fixed: 1 }, { constructor: 1 }]],
  ])('of %p', async (dto, accepted, values) => {
    expect(isCompiled(dto)).toBe(true);
    const decisions = [];
    for (const index of values().keys()) decisions.push(await expectSameOutcome(dto, () => values()[index]));
    expect(decisions.filter(({ byCompiled }) => byCompiled).length).toBe(accepted);
  });

  class Odd extends Array<number> {}

  it.each<[string, () => unknown]>([
    ['a date', () => new Date(0)],
    ['a map', () => new Map([['a', 1]])],
    ['a set', () => new Set([1])],
    ['bytes', () => Buffer.from('a')],
    ['a function', () => one],
    ['an instance', () => Object.assign(new Grant(), { code: 'a' })],
    ['no prototype', () => Object.assign(Object.create(null), { a: 1 })],
    ['an own prototype', () => Object.create({ inherited: 1 })],
    [
      'the prototype of an array',
      () => JSON.parse('{"100":1}', (_, value) => (typeof value === 'object' ? Object.setPrototypeOf(value, []) : value)),
    ],
    ['an heir of arrays', () => Odd.from([1, 2])],
    ['gaps', () => Object.assign([1], { 2: 3 })],
    ['a member "then"', () => ({ then: 1 })],
    ['undefined', () => undefined],
    ['what is inherited, again', () => JSON.parse('{"toString":1,"__proto__":{"a":1},"constructor":1,"prototype":1,"b":2}')],
  ])('of a value with %s in it', async (_, make) => {
    for (const at of [(value: unknown) => value, (value: unknown) => [value], (value: unknown) => ({ deep: { er: [value] } })]) {
      await expectSameOutcome(Free, () => ({ value: at(make()) }));
    }
    await expectSameOutcome(Free, make);
  });

  it('but of promises, which it makes anew', () => {
    for (const promise of [Promise.resolve(1), { then: one }]) expect(accept(Free, { value: promise })).toBeNull();
  });

  it('and shares nothing with what it was given', () => {
    const given = { value: { list: [{ a: 1 }] } };
    const { value } = accept(Free, given) as { value: typeof given.value };
    expect(value).toEqual(given.value);
    expect([value === given.value, value.list === given.value.list, value.list[0] === given.value.list[0]]).toEqual([false, false, false]);
  });
});

describe('The stock pipe alone decides where', () => {
  class Ungoverned {
    a?: string;
  }
  class OfGroup {
    @IsString({ groups: ['some'] }) a!: string;
  }
  class Always {
    @IsString({ always: false }) a!: string;
  }
  class SometimesOnly {
    @IsString({ validateIf: () => false }) a!: string;
  }
  class Defined {
    @IsDefined() a!: string;
  }
  class Allowed {
    @Allow() a!: string;
  }
  class Promised {
    @ValidatePromise() @IsString() a!: string;
  }
  class Later {
    a!: string;
  }
  registerDecorator({ target: Later, propertyName: 'a', name: 'later', async: true, validator: { validate: async (a) => a === 'x' } });
  class Named {
    @IsOptional() @IsString() a?: string;
    @IsOptional() @IsString() act() {}
  }

  it.each<[string, Dto]>([
    ['there are no rules', Ungoverned],
    ['a rule has a group', OfGroup],
    ['a rule says when it is used', Always],
    ['a rule has a condition of its own', SometimesOnly],
    ['a value only has to be there', Defined],
    ['a member has no rule', Allowed],
    ['a promise is awaited', Promised],
    ['a rule takes its time', Later],
    ['a rule is on a method', Named],
  ])('%s', async (_, dto) => {
    expect(isCompiled(dto)).toBe(false);
    for (const value of [{}, { a: 'x' }, { a: 7 }, { b: 1 }]) await expectSameOutcome(dto, () => ({ ...value }));
  });

  it('a rule says neither yes nor no at once', async () => {
    class Unclear {
      @SaysYes(Promise.resolve(false)) a!: string;
    }
    class Truthy {
      @SaysYes('yes') a!: string;
    }
    for (const dto of [Unclear, Truthy]) {
      expect(accept(dto, { a: 'x' })).toBeNull();
      await expectSameOutcome(dto, () => ({ a: 'x' }));
    }
  });

  it('there is no class to go by', () => {
    for (const type of [undefined, Object, String, Array, Number, 'Free', {}]) expect(accept(type, { value: 1 })).toBeNull();
  });
});

describe('RequestValidation', () => {
  const pipe = new RequestValidation();

  it('answers what is right without a promise', () => {
    expect(pipe.transform({ value: 1 }, { type: 'body', metatype: Free })).toEqual(Object.assign(new Free(), { value: 1 }));
  });

  it('leaves the decorators of others alone', async () => {
    const value = { value: 1 };
    expect(await pipe.transform(value, { type: 'custom', metatype: Free })).toBe(value);
  });

  it('takes no body for an empty one', async () => {
    expect(await pipe.transform(undefined, { type: 'body', metatype: Free })).toEqual(new Free());
  });
});
