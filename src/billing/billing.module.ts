import { Module } from '@nestjs/common';
import { BrandsModule } from '../brands';
import { LicensesModule } from '../licenses';

@Module({ imports: [BrandsModule, LicensesModule], controllers: [], providers: [] })
export class BillingModule {}
