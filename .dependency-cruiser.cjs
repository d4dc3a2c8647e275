// Holds the layers of docs/architecture.md: a folder imports only from folders below it, and only through index.ts.
const layers = [
  ['cli'],
  ['http', 'graph', 'subscribe'],
  ['server'],
  ['audit'],
  ['auth'],
  ['cluster'],
  ['query'],
  ['shard'],
  ['raft', 'net', 'objectstore'],
  ['storage', 'index', 'udf'],
  ['schema'],
  ['cql', 'protocol'],
  ['types'],
  ['native'],
  ['common'],
];
const upward = layers.slice(1).map((names, i) => ({
  name: `no-upward-import-from-${names.join('-')}`,
  severity: 'error',
  from: { path: `^src/(${names.join('|')})/` },
  to: { path: `^src/(${layers.slice(0, i + 1).flat().join('|')})/` },
}));
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'only-the-public-face',
      severity: 'error',
      comment: 'Another folder is entered through its index.ts (common has none: its files are leaves).',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/(?!common/)[^/]+/(?!index\\.ts$)', pathNot: '^src/$1/' },
    },
    ...upward,
  ],
  options: { doNotFollow: { path: 'node_modules' }, parser: 'swc', tsPreCompilationDeps: true },
};
