import { dropDatabase, freshDatabase, ownerUrl, withOwner } from '../../libs/testing/database';
import { ownerDataSource } from '../../src/data-source';
import { faultsOfWall } from './catalogue';

describe('The migrations', () => {
  let database: string;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => dropDatabase(database));

  it('can be undone one by one, and done again', async () => {
    const source = await ownerDataSource(ownerUrl(database)).initialize();
    try {
      for (let count = source.migrations.length; count > 0; count--) await source.undoLastMigration();
      expect(await source.query(`select tablename from pg_tables where schemaname = 'public'`)).toEqual([{ tablename: 'migrations' }]);
      expect(await source.runMigrations()).toHaveLength(source.migrations.length);
    } finally {
      await source.destroy();
    }
    expect(await withOwner(database, faultsOfWall)).toEqual([]);
  });
});
