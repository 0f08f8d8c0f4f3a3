import fc from 'fast-check';
import { isCompiled } from '../../libs/http/compiled-validation';
import { requestDtos } from '../fixtures/dtos';
import { anything, inputsFor, reserved } from '../fixtures/inputs';
import { type Decision, expectSameOutcome } from '../fixtures/validation';

const dtos = [...requestDtos()].map(([dto, type]) => ({ name: dto.name, dto, type }));
const hot = ['VerifyBody', 'ActivateBody', 'DeactivateBody'];

it.each(hot)('%s is compiled', (name) => {
  const [found, ...others] = dtos.filter((one) => one.name === name);
  expect(others).toEqual([]);
  expect(found).toMatchObject({ type: 'body' });
  expect(isCompiled(found!.dto)).toBe(true);
});

describe('Our pipe and the stock one make the same of', () => {
  it.each(dtos)('$name', async ({ name, dto, type }) => {
    const { right, near } = await inputsFor(dto);
    const decisions: Decision[] = [];
    const property = fc.asyncProperty(fc.oneof(right, near, anything), fc.boolean(), async (input, isBare) => {
      const text = JSON.stringify(input);
      const make = () => (isBare ? withoutPrototype(JSON.parse(text)) : (JSON.parse(text) as unknown));
      const decision = await expectSameOutcome(dto, make, type);
      if (isCompiled(dto) && !holdsReserved(text)) expect(decision.byCompiled).toBe(decision.isRight);
      decisions.push(decision);
    });
    await fc.assert(property, { numRuns: hot.includes(name) ? 1_000 : 120 });
    const shareOfRight = decisions.filter(({ isRight }) => isRight).length / decisions.length;
    expect(shareOfRight).toBeGreaterThan(0.1);
    expect(shareOfRight).toBeLessThan(0.9);
  });
});

/** Compiled rules leave what reaches for a prototype to the stock pipe, right or not. */
const holdsReserved = (text: string): boolean => reserved.some((name) => text.includes(`"${name}":`));

/** As the parser of queries makes objects. */
const withoutPrototype = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.setPrototypeOf(value, null) : value;
