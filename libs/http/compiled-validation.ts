import { plainToInstance, TransformationType } from 'class-transformer';
// @ts-expect-error class-transformer keeps the types of this file elsewhere
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { defaultMetadataStorage as Transformations } from 'class-transformer/types/storage';
import { getMetadataStorage, ValidationTypes, type ValidatorConstraintInterface } from 'class-validator';

const transformations = defaultMetadataStorage as typeof Transformations;

type Dto = new () => object;
type Members = Record<string, unknown>;
type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Check = (object: Members, value: unknown) => boolean;

interface Compiled {
  /** The instance that class-transformer would make; null where that is not certain. */
  make(plain: Members): object | null;
  /** Whether class-validator would find no fault. False also where that is not certain. */
  passes(instance: object): boolean;
}

/**
 * What the stock pipe would make of that value, at a small part of its price, as long as there is no fault in it. Null says nothing: then
 * the stock pipe has to decide. The rules stay where they are, in the decorators of the DTO; here they are looked up once, not every time.
 * It knows the options of `StockValidation`: what is not named is a fault, and nothing is converted but by @Type and @Transform.
 */
export function accept(dto: unknown, value: unknown): object | null {
  const compiled = compiledOf(dto);
  if (!compiled || !isPlain(value)) return null;
  const instance = compiled.make(value);
  return instance && compiled.passes(instance) ? instance : null;
}

/** Whether there are closures for that DTO: one with a rule that is not known here is always the stock pipe's. */
export const isCompiled = (dto: unknown): boolean => compiledOf(dto) !== null;

const known = new Map<unknown, Compiled | null>();

function compiledOf(dto: unknown): Compiled | null {
  let compiled = known.get(dto);
  if (compiled === undefined) known.set(dto, (compiled = typeof dto === 'function' ? compile(dto as Dto) : null));
  return compiled;
}

function compile(dto: Dto): Compiled | null {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const names = new Set(rules.map(({ propertyName }) => propertyName));
  if (rules.length === 0 || !rules.every(isUnderstood) || [...names].some((name) => name in dto.prototype)) return null;
  const members = [...names].map((name) => ({ name, check: memberCheck(rules.filter(({ propertyName }) => propertyName === name)) }));
  return {
    // Before class-transformer a copy is made all the same, to see that there is nothing in it but JSON.
    make: isCopied(dto, names) ? (plain) => fill(new dto(), plain) : (plain) => fill({}, plain) && plainToInstance(dto, plain),
    passes: (instance) =>
      Object.keys(instance).every((name) => names.has(name)) &&
      members.every(({ name, check }) => check(instance as Members, (instance as Members)[name])),
  };
}

function isUnderstood({ type, groups, always, validateIf, constraintCls }: Rule): boolean {
  if (groups?.length || always !== undefined || validateIf) return false;
  if (type === ValidationTypes.CUSTOM_VALIDATION) return constraintsOf(constraintCls).every(({ async }) => !async);
  return type === ValidationTypes.CONDITIONAL_VALIDATION || type === ValidationTypes.NESTED_VALIDATION;
}

const constraintsOf = (constraint: Rule['constraintCls']) => getMetadataStorage().getTargetValidatorConstraints(constraint);

/** All rules of one member. */
function memberCheck(rules: Rule[]): Check {
  const ofType = (type: string) => rules.filter((rule) => rule.type === type);
  const conditions = ofType(ValidationTypes.CONDITIONAL_VALIDATION).map(({ constraints }) => constraints[0] as Check);
  const checks = ofType(ValidationTypes.CUSTOM_VALIDATION).flatMap(checksOf);
  if (ofType(ValidationTypes.NESTED_VALIDATION).length > 0) checks.push((_, value) => nestedPasses(value));
  return (object, value) =>
    !conditions.map((applies) => applies(object, value)).every(Boolean) || checks.every((check) => check(object, value));
}

function checksOf({ constraintCls, constraints, propertyName: property, each }: Rule): Check[] {
  return constraintsOf(constraintCls).map(({ instance }): Check => {
    const validator: ValidatorConstraintInterface = instance;
    // Anything but true is no yes: a promise, for one.
    const check = (object: Members, value: unknown, item: unknown): boolean =>
      validator.validate(item, { targetName: object.constructor.name, property, object, value, constraints }) === true;
    if (!each) return (object, value) => check(object, value, value);
    return (object, value) => {
      if (value instanceof Set || value instanceof Map) return false;
      return Array.isArray(value) ? value.every((item) => check(object, value, item)) : check(object, value, value);
    };
  });
}

function nestedPasses(value: unknown): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.every(nestedPasses);
  return value instanceof Object && (compiledOf(value.constructor)?.passes(value) ?? false);
}

/** Whether class-transformer would do no more than copy the members into an empty instance. */
function isCopied(dto: Dto, names: Set<string>): boolean {
  const named = [...transformations.getExposedMetadatas(dto), ...transformations.getExcludedMetadatas(dto)];
  const isAsDeclared = named.length === 0 && transformations.getStrategy(dto) === ('none' as string);
  if (!isAsDeclared || Object.keys(new dto()).length > 0) return false;
  const isTransformed = (name: string) =>
    transformations.findTypeMetadata(dto, name) !== undefined ||
    transformations.findTransformMetadatas(dto, name, TransformationType.PLAIN_TO_CLASS).length > 0;
  return ![...names].some(isTransformed);
}

function isPlain(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const foreign = Symbol('foreign');

/** A copy all the way down of what JSON can say; `foreign` for anything else. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? foreign : value;
  if (!Array.isArray(value)) return isPlain(value) ? (fill({}, value) ?? foreign) : foreign;
  const copy: unknown[] = [];
  // Unlike a loop it leaves gaps out, as the stock pipe does.
  value.forEach((item) => copy.push(copyOf(item)));
  return copy.includes(foreign) ? foreign : copy;
}

/** Null when there is a name that the target answers to already, or a value that is not JSON: those are treated specially. */
function fill<Target extends object>(target: Target, plain: Members): Target | null {
  for (const name of Object.keys(plain)) {
    if (name in target || name === 'prototype') return null;
    const copy = copyOf(plain[name]);
    if (copy === foreign) return null;
    (target as Members)[name] = copy;
  }
  return target;
}
