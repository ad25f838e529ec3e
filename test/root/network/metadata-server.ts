/** EC2's metadata service for a machine with the interfaces that the first argument says, in JSON; ends when it is killed. */
import type { SimulatedLink } from '../../../src/simulator/cloud.ts'
import { ec2WithLinks } from '../../../src/simulator/ec2.ts'
import { serve } from '../../../src/simulator/server.ts'

const links: SimulatedLink[] = JSON.parse(process.argv[2] ?? '[]')
const definition = ec2WithLinks(links)
const { handle } = definition.create({ ...definition.defaults, sshKeys: [] })
if (handle) await serve({ handle, requests: [], host: '::', port: 80 })
