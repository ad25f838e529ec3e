// Makes dist/: firstlight.cjs (what starts), engine.cjs (everything, every library in it, run piece by piece at first
// need), engine.cache (the same as compiled code), and the executable firstlight. Another folder can be named.
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const top = join(import.meta.dirname, '..')
const dist = resolve(top, process.argv[2] ?? 'dist')
const next = `${dist}.next`
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))

const bundle = (entry, output, banner, footer = '') =>
  build({
    absWorkingDir: top,
    entryPoints: [entry],
    outfile: join(next, output),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: true,
    legalComments: 'none',
    // The engine is compiled from a cache, where import() has no loader to ask: Node's own modules come by require().
    supported: { 'dynamic-import': false },
    banner: { js: banner },
    footer: { js: footer },
    // Libraries written as ES modules ask for their own address, which a CommonJS bundle has under another name.
    define: { 'import.meta.url': 'importMetaUrl', FIRSTLIGHT_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
  })

rmSync(next, { recursive: true, force: true })
mkdirSync(next)
await bundle('src/cli/launch.ts', 'firstlight.cjs', '#!/usr/bin/env node')
// The engine is one function, which the launcher calls (src/machine/load-engine.ts).
await bundle(
  'src/cli/main.ts',
  'engine.cjs',
  '(function (exports, require, module, __filename, __dirname) { const importMetaUrl = require("node:url").pathToFileURL(__filename).href;',
  '})',
)
writeFileSync(
  join(next, 'firstlight'),
  [
    '#!/usr/bin/env node',
    "require(require('node:path').join(require('node:fs').realpathSync(__filename), '../firstlight.cjs'))",
    '',
  ].join('\n'),
  { mode: 0o755 },
)
// The executable has no ending: this says that it is CommonJS.
writeFileSync(join(next, 'package.json'), '{"type": "commonjs"}\n')
copyFileSync(join(top, 'LICENSE'), join(next, 'LICENSE'))
cpSync(join(top, 'config'), join(next, 'config'), { recursive: true })

// Only a build that succeeded replaces the last one. Packages stay until the next `npm run package`.
for (const name of existsSync(dist) ? readdirSync(dist).filter((name) => name.endsWith('.deb')) : [])
  renameSync(join(dist, name), join(next, name))
rmSync(dist, { recursive: true, force: true })
renameSync(next, dist)
execFileSync(process.execPath, ['--import', 'tsx', join(top, 'build/code-cache.ts'), dist], { cwd: top })
const size = (name) => `${name} ${(statSync(join(dist, name)).size / 1024).toFixed(0)} kB`
console.log(`dist: ${['firstlight.cjs', 'engine.cjs', 'engine.cache'].map(size).join(', ')}`)
