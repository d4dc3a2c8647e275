// The models of express-cassandra's documentation: schema, views, indexes, collections, types of users, counters, batches, migration.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

const Cassandra = createRequire(import.meta.url)('express-cassandra');
const keyspace = 'express';

const clientOptions = {
  contactPoints: [`${process.env.CQL_HOST}:${process.env.CQL_PORT}`],
  localDataCenter: 'datacenter1',
  protocolOptions: { port: Number(process.env.CQL_PORT) },
  socketOptions: { connectTimeout: 30_000, readTimeout: 60_000 },
  keyspace,
  queryOptions: { consistency: Cassandra.consistencies.one },
};
const ormOptions = {
  defaultReplicationStrategy: { class: 'SimpleStrategy', replication_factor: 1 },
  migration: 'alter',
  createKeyspace: true,
  disableTTYConfirmation: true,
  udts: {
    phone: { alias: 'text', phone_number: 'text', country_code: 'int' },
    address: { street: 'text', city: 'text', state: 'text', zip: 'int', phones: 'set<frozen<phone>>' },
  },
};

const personSchema = {
  table_name: 'person',
  fields: {
    id: { type: 'uuid', default: { $db_function: 'uuid()' } },
    name: { type: 'varchar', default: 'no name provided' },
    surname: { type: 'varchar', default: 'no surname provided' },
    complete_name: {
      type: 'varchar',
      default: function () {
        return `${this.name} ${this.surname}`;
      },
    },
    age: 'int',
    active: 'boolean',
    created: { type: 'timestamp', default: { $db_function: 'toTimestamp(now())' } },
    info: { type: 'map', typeDef: '<varchar, text>' },
    phones: { type: 'list', typeDef: '<varchar>' },
    emails: { type: 'set', typeDef: '<varchar>' },
    home: { type: 'frozen', typeDef: '<address>' },
    pair: { type: 'frozen', typeDef: '<tuple<int, text, float>>' },
  },
  key: [['id'], 'created'],
  clustering_order: { created: 'desc' },
  materialized_views: {
    by_age: { select: ['name', 'age', 'created', 'id'], key: ['age', 'created', 'id'] },
    by_name: { select: ['*'], key: [['name', 'id'], 'created'], clustering_order: { created: 'desc' } },
  },
  indexes: ['name', 'phones', 'emails', 'keys(info)', 'entries(info)'],
  custom_indexes: [{ on: 'surname', using: 'StorageAttachedIndex', options: {} }],
  methods: {
    greeting() {
      return `I am ${this.name}`;
    },
  },
};

let models;
let Person;
const first = Cassandra.uuid();
const created = new Date('2020-01-02T03:04:05Z');

async function connected(options) {
  const client = Cassandra.createClient(options);
  await client.initAsync();
  return client;
}
const synced = (client, name, schema) =>
  new Promise((resolve, reject) => {
    client.loadSchema(name, schema).syncDB((error) => (error ? reject(error) : resolve(client.instance[name])));
  });
/** The driver's metadata and the views lag behind the statement. */
async function until(what) {
  for (let i = 0; i < 100; i++) {
    const found = await what();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nothing came');
}

before(async () => {
  models = await connected({ clientOptions, ormOptions });
  Person = await synced(models, 'Person', personSchema);
});
after(() => models?.closeAsync());

test('a model makes its keyspace, types, table, views and indexes', async () => {
  const { rows } = await Person.execute_queryAsync(
    'SELECT index_name FROM system_schema.indexes WHERE keyspace_name = ?',
    [keyspace],
  );
  assert.equal(rows.length, 6);
  const views = await Person.execute_queryAsync('SELECT view_name FROM system_schema.views WHERE keyspace_name = ?', [
    keyspace,
  ]);
  assert.deepEqual(views.rows.map((row) => row.view_name).sort(), ['by_age', 'by_name']);
});

test('an instance is saved with its defaults and found again', async () => {
  const john = new Person({
    id: first,
    created,
    name: 'John',
    surname: 'Doe',
    age: 32,
    active: true,
    info: { hello: 'world' },
    phones: ['123456', '654321'],
    emails: ['a@b.com', 'c@d.com'],
    home: { street: 'Main', city: 'London', zip: 7, phones: [{ alias: 'home', phone_number: '1', country_code: 44 }] },
    pair: new models.datatypes.Tuple(3, 'bar', 2.5),
  });
  await john.saveAsync();
  const found = await Person.findOneAsync({ id: first });
  assert.equal(found.complete_name, 'John Doe');
  assert.equal(found.greeting(), 'I am John');
  assert.equal(found.created.getTime(), created.getTime());
  assert.deepEqual(found.phones, ['123456', '654321']);
  assert.equal(found.home.phones[0].country_code, 44);
  assert.deepEqual(found.pair.values(), [3, 'bar', 2.5]);
  assert.equal(found.isModified(), false);
});

test('values of the database come from its functions', async () => {
  await new Person({ name: 'Nobody', age: 1 }).saveAsync();
  const [nobody] = await Person.findAsync({ name: 'Nobody' });
  assert.match(String(nobody.id), /^[0-9a-f-]{36}$/);
  assert.ok(Math.abs(nobody.created.getTime() - Date.now()) < 600_000);
});

test('rows are found by their indexes', async () => {
  const names = async (query) => (await Person.findAsync(query, { raw: true })).map((row) => row.name);
  assert.deepEqual(await names({ surname: 'Doe' }), ['John']);
  assert.deepEqual(await names({ phones: { $contains: '654321' } }), ['John']);
  assert.deepEqual(await names({ emails: { $contains: 'c@d.com' } }), ['John']);
  assert.deepEqual(await names({ info: { $contains_key: 'hello' } }), ['John']);
  assert.deepEqual(await names({ info: { $contains: { hello: 'world' } } }), ['John']);
  assert.deepEqual(await names({ name: 'Nobody there' }), []);
});

test('a view has the rows in its own order', async () => {
  const found = await until(() => Person.findAsync({ age: 32 }, { raw: true, materialized_view: 'by_age' }));
  assert.deepEqual(Object.keys(found[0]).sort(), ['age', 'created', 'id', 'name']);
});

test('collections are changed in place', async () => {
  const key = { id: first, created };
  await Person.updateAsync(key, {
    info: { $add: { new2: 'addition2' } },
    phones: { $append: ['12345'] },
    emails: { $add: ['e@f.com'] },
  });
  await Person.updateAsync(key, { phones: { $prepend: ['000'] }, info: { $replace: { hello: 'you' } } });
  await Person.updateAsync(key, { phones: { $replace: [1, 'one'] }, emails: { $remove: ['a@b.com'] } });
  const john = await Person.findOneAsync({ id: first });
  assert.deepEqual(john.phones, ['000', 'one', '654321', '12345']);
  assert.deepEqual(john.emails, ['c@d.com', 'e@f.com']);
  assert.deepEqual({ ...john.info }, { hello: 'you', new2: 'addition2' });
});

test('conditions, times to live and selections go with the statements', async () => {
  const key = { id: first, created };
  const refused = await Person.updateAsync(key, { age: 33 }, { conditions: { age: 1 } });
  assert.equal(refused.rows[0]['[applied]'], false);
  const applied = await Person.updateAsync(key, { age: 33 }, { conditions: { age: 32 } });
  assert.equal(applied.rows[0]['[applied]'], true);
  const saved = await new Person({ ...key, name: 'Another' }).saveAsync({ if_not_exist: true });
  assert.equal(saved.rows[0]['[applied]'], false);
  await Person.updateAsync(key, { active: false }, { ttl: 1000 });
  const [row] = await Person.findAsync(key, { raw: true, select: ['ttl(active)', 'age', 'toDate(created)'] });
  assert.ok(row['ttl(active)'] > 0 && row['ttl(active)'] <= 1000);
  assert.equal(row.age, 33);
});

test('ranges, orders and limits of a partition', async () => {
  const Event = await synced(models, 'Event', {
    fields: { day: 'date', at: 'timeuuid', kind: 'text', total: { type: 'int', static: true } },
    key: [['day'], 'at'],
  });
  const day = models.datatypes.LocalDate.fromString('2020-02-29');
  const ids = Array.from({ length: 20 }, (_, i) => models.timeuuidFromDate(new Date(1_583_000_000_000 + i * 1000)));
  for (const at of ids) await new Event({ day, at, kind: 'click' }).saveAsync();
  const seen = [];
  const done = new Promise((resolve, reject) => {
    Event.eachRow(
      { day },
      { fetchSize: 7 },
      (_, row) => seen.push(String(row.at)),
      (error, result) => {
        if (error) return reject(error);
        return result.nextPage ? result.nextPage() : resolve();
      },
    );
  });
  await done;
  assert.deepEqual(seen, ids.map(String));
  const newest = await Event.findAsync({ day, $orderby: { $desc: 'at' }, $limit: 3 }, { raw: true });
  assert.deepEqual(newest.map((row) => String(row.at)), ids.slice(-3).reverse().map(String));
  const some = await Event.findAsync({ day, at: { $gt: ids[4], $lte: ids[8] } }, { raw: true });
  assert.equal(some.length, 4);
});

test('counters count', async () => {
  const Stats = await synced(models, 'Stats', { fields: { user_id: 'int', visits: 'counter' }, key: ['user_id'] });
  await Stats.updateAsync({ user_id: 1 }, { visits: models.datatypes.Long.fromInt(2) });
  await Stats.updateAsync({ user_id: 1 }, { visits: models.datatypes.Long.fromInt(-1) });
  assert.equal(String((await Stats.findOneAsync({ user_id: 1 })).visits), '1');
});

test('a batch of several models is one', async () => {
  const ann = new Person({ id: Cassandra.uuid(), name: 'Ann', age: 5 });
  const queries = [ann.save({ return_query: true }), Person.delete({ id: first, created }, { return_query: true })];
  await models.doBatchAsync(queries);
  assert.equal((await Person.findAsync({ name: 'Ann' })).length, 1);
  assert.equal(await Person.findOneAsync({ id: first }), undefined);
});

test('a changed model alters its table and keeps the rows', async () => {
  const { info, ...fields } = personSchema.fields;
  const changed = {
    ...personSchema,
    fields: { ...fields, nickname: 'text' },
    indexes: ['name', 'nickname'],
    materialized_views: {},
  };
  const other = await connected({ clientOptions, ormOptions });
  const Changed = await synced(other, 'Person', changed);
  await other.closeAsync();
  const { rows } = await Person.execute_queryAsync(
    "SELECT column_name FROM system_schema.columns WHERE keyspace_name = ? AND table_name = 'person'",
    [keyspace],
  );
  const names = rows.map((row) => row.column_name);
  assert.ok(names.includes('nickname') && !names.includes('info'), `${typeof info} ${names}`);
  const left = await Person.execute_queryAsync('SELECT name FROM person', []);
  assert.ok(left.rows.some((row) => row.name === 'Ann'), Changed.name);
});
