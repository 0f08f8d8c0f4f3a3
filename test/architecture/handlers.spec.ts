import 'reflect-metadata';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Controller, Get, type Type } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { Command, CommandHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { accessKey, OpenToAnyone } from '../../libs/http/access';
import { httpAdapter } from '../../libs/http/server';
import { AppModule } from '../../src/app.module';
import { readConfig } from '../../src/core/config';
import { settingsOf } from '../../src/service';

/** Where `@CommandHandler` and `@QueryHandler` write; the package does not export the names. */
const handlerMetadata = ['__commandHandler__', '__queryHandler__'];

const source = resolve(__dirname, '../../src');
const isMessage = (exported: unknown): exported is Type =>
  typeof exported === 'function' && (exported.prototype instanceof Command || exported.prototype instanceof Query);

/** Every command and query that a use case offers. */
function messages(): Type[] {
  const modules = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const folders = modules.map(({ name }) => join(source, name)).filter((folder) => readdirSync(folder).includes('use-cases'));
  const files = folders.flatMap((folder) =>
    readdirSync(join(folder, 'use-cases'))
      .filter((file) => /(?<!\.spec)\.ts$/.test(file))
      .map((file) => join(folder, 'use-cases', file)),
  );
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return files.flatMap((file) => Object.values(require(file) as object).filter(isMessage));
}

/** By message, the classes that were registered to handle it. */
function handlersAmong(classes: Type[]): Map<Type, string[]> {
  const handled = new Map<Type, string[]>();
  for (const one of classes) {
    for (const metadata of handlerMetadata) {
      const message = Reflect.getOwnMetadata(metadata, one) as Type | undefined;
      if (message) handled.set(message, [...(handled.get(message) ?? []), one.name]);
    }
  }
  return handled;
}

const withoutOne = (all: Type[], handled: Map<Type, string[]>): string[] =>
  all
    .filter((message) => handled.get(message)?.length !== 1)
    .map((message) => `${message.name}: ${handled.get(message)?.join(', ') ?? 'nobody'}`);

const routesOf = (controller: Type): [string, object][] =>
  Object.entries(Object.getOwnPropertyDescriptors(controller.prototype))
    .filter(([, { value }]) => typeof value === 'function' && Reflect.hasMetadata(METHOD_METADATA, value as object))
    .map(([name, { value }]) => [`${controller.name}.${name}`, value as object]);

const silent = (controllers: Type[]): string[] =>
  controllers.flatMap(routesOf).flatMap(([name, handler]) => (Reflect.hasMetadata(accessKey, handler) ? [] : [name]));

describe('The application', () => {
  let providers: Type[];
  let controllers: Type[];
  beforeAll(async () => {
    const settings = settingsOf(readConfig({}), 'postgres://none');
    const app = await NestFactory.create(AppModule.with(settings), httpAdapter(), { preview: true, logger: false, abortOnError: false });
    const modules = [...app.get(ModulesContainer).values()];
    const classes = (of: 'providers' | 'controllers') =>
      modules
        .flatMap((module) => [...module[of].values()].map(({ metatype }) => metatype))
        .filter((one): one is Type => typeof one === 'function');
    [providers, controllers] = [classes('providers'), classes('controllers')];
  });

  it('has exactly one handler for every command and query', () => {
    expect(messages().length).toBeGreaterThan(15);
    expect(withoutOne(messages(), handlersAmong(providers))).toEqual([]);
  });

  it('handles nothing but the commands and queries of its use cases', () => {
    const offered = new Set(messages());
    expect([...handlersAmong(providers)].filter(([message]) => !offered.has(message))).toEqual([]);
  });

  it('would be seen to have none, or two', () => {
    class Forgotten extends Command<void> {}
    class Contested extends Query<number> {}
    @QueryHandler(Contested)
    class One {}
    @QueryHandler(Contested)
    class Other {}
    @CommandHandler(class extends Command<void> {})
    class Elsewhere {}
    expect(withoutOne([Forgotten, Contested], handlersAmong([One, Other, Elsewhere]))).toEqual([
      'Forgotten: nobody',
      'Contested: One, Other',
    ]);
  });

  it('says of every route who may call it', () => {
    expect(controllers.flatMap(routesOf).length).toBeGreaterThan(20);
    expect(silent(controllers)).toEqual([]);
  });

  it('would be seen to say nothing', () => {
    @Controller()
    class Planted {
      @Get('open')
      @OpenToAnyone()
      open() {}
      @Get('silent')
      silent() {}
    }
    expect(silent([Planted])).toEqual(['Planted.silent']);
  });
});
