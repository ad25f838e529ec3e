// The import rules of docs/architecture.md, checked by `npm run lint`.
const door = '^src/machine/'
const operatingSystem =
  '^(node:)?(fs|fs/promises|child_process|http|https|net|dgram|tls|dns|os)$|node_modules/(fs-extra|axios|graceful-fs)/'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'only-through-the-door',
      comment:
        'Nothing but src/machine/ reaches files, processes, HTTP. The simulator serves HTTP: that is its purpose.',
      severity: 'error',
      from: { path: '^(src|datasources|modules)/', pathNot: `${door}|^src/simulator/` },
      to: { path: operatingSystem },
    },
    {
      name: 'lists-only',
      comment: 'src/ sees datasources and modules through their index.ts alone.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(datasources|modules)/(?!index[.]ts$)' },
    },
    {
      name: 'datasource-imports',
      comment:
        'A datasource imports from src/platform, src/machine, src/instance, src/network, the YAML reader and its own folder.',
      severity: 'error',
      from: { path: '^datasources/(?!index[.]ts$)' },
      to: { path: '^(src/(?!platform/|machine/|instance/|network/|cloudconfig/yaml[.]ts$)|modules/|config/)' },
    },
    {
      name: 'no-datasource-imports-another',
      severity: 'error',
      from: { path: '^datasources/(?!index[.]ts$)([^/]+?)([.]ts$|/)' },
      to: { path: '^datasources/', pathNot: '^datasources/$1([.]ts$|/)' },
    },
    {
      name: 'module-imports',
      comment:
        'A config module imports from src/machine, src/distros, the module contract, attempts, update events and the YAML reader.',
      severity: 'error',
      from: { path: '^modules/(?!index[.]ts$)' },
      to: {
        path: '^(src/(?!machine/|distros/|cloudconfig/(module|yaml|attempts|update-events)[.]ts$)|datasources/|config/)',
      },
    },
    {
      name: 'no-module-imports-another',
      severity: 'error',
      from: { path: '^modules/(?!index[.]ts$)([^/]+?)([.]ts$|/)' },
      to: { path: '^modules/', pathNot: '^modules/$1([.]ts$|/)' },
    },
    {
      name: 'the-door-imports-nothing-of-ours',
      severity: 'error',
      from: { path: door },
      to: { path: '^(src/(?!machine/)|datasources/|modules/)' },
    },
    {
      name: 'one-direction',
      comment: 'Commands call the engine; the engine never calls commands.',
      severity: 'error',
      from: { path: '^src/(?!cli/)' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'engine-without-simulator',
      comment: 'The simulator is for try, tests and porting; a boot never needs it.',
      severity: 'error',
      from: { path: '^(src/(?!cli/|simulator/)|datasources/|modules/)' },
      to: { path: '^src/simulator/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
}
