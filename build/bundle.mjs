// Makes dist/firstlight.cjs (one file, every library in it, loaded piece by piece at first need) and dist/firstlight.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const top = join(import.meta.dirname, '..')
const dist = join(top, 'dist')
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))

const { outputFiles } = await build({
  absWorkingDir: top,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/firstlight.cjs',
  write: false,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  loader: { '.tmpl': 'text', '.cfg': 'text' },
  // Libraries written as ES modules ask for their own address, which a CommonJS bundle has under another name.
  banner: { js: '#!/usr/bin/env node\nconst importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  define: { 'import.meta.url': 'importMetaUrl', FIRSTLIGHT_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
})
// Only a build that succeeded replaces the last one.
rmSync(dist, { recursive: true, force: true })
mkdirSync(dist, { recursive: true })
for (const { path, contents } of outputFiles) writeFileSync(path, contents, { mode: 0o755 })
cpSync(join(top, 'config'), join(dist, 'config'), { recursive: true })
// The command itself: found through links named cloud-init and cloud-id as well.
writeFileSync(
  join(dist, 'firstlight'),
  [
    '#!/usr/bin/env node',
    "require(require('node:path').join(require('node:fs').realpathSync(__filename), '../firstlight.cjs'))",
    '',
  ].join('\n'),
  { mode: 0o755 },
)
copyFileSync(join(top, 'LICENSE'), join(dist, 'LICENSE'))
console.log(`dist/firstlight.cjs ${(statSync(join(dist, 'firstlight.cjs')).size / 1024).toFixed(0)} kB`)
