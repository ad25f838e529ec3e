// `npm start`: builds firstlight and provisions a machine on each of five simulated clouds, in throw-away overlays.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const top = join(import.meta.dirname, '..')
const clouds = ['gce', 'ec2', 'digitalocean', 'azure', 'openstack']

const run = (command, words) => spawnSync(command, words, { cwd: top, stdio: 'inherit' }).status ?? 1

if (run('npm', ['run', '--silent', 'build']) !== 0) process.exit(1)
const failed = clouds.filter((cloud) => {
  console.log(`\n=== ${cloud} ===`)
  return run(join(top, 'dist/firstlight'), ['try', '--cloud', cloud, ...process.argv.slice(2)]) !== 0
})
console.log(failed.length === 0 ? `\n${clouds.length} clouds provisioned.` : `\nnot provisioned: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
