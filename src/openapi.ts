import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { httpAdapter } from '../libs/http/server';
import { AppModule } from './app.module';
import { readConfig } from './core/config';
import { openApiDocument } from './openapi-document';
import { settingsOf } from './service';

/** Writes the contract to a file, without a database: `node dist/src/openapi.js openapi/openapi.json`. */
async function emit(file: string): Promise<void> {
  const app = await NestFactory.create(AppModule.with(settingsOf(readConfig({}), 'postgres://none')), httpAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  writeFileSync(file, `${JSON.stringify(openApiDocument(app), null, 2)}\n`);
}

void emit(process.argv[2] ?? 'openapi/openapi.json');
