/** The process inside a sandbox, for tests that run from source. */
import { runInside } from '../../src/simulator/inside.ts'

process.exitCode = await runInside()
