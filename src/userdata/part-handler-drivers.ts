/**
 * What runs part handlers. Each driver reads a JSON document from standard input: `ask` answers with the handler's content
 * types and frequency as the last line of standard output, `run` makes calls. A call that fails is told on standard error
 * and does not stop the others; the driver then ends with exit code 1.
 */

/** Calls `handle_part` with as many arguments as the handler's version wants: 4 (version 1), 5 (2) or 6 (3). */
export const pythonDriver = `
import base64, json, sys, traceback, types
job = json.load(sys.stdin)
def load(path, source):
    module = types.ModuleType(path.rsplit('/', 1)[-1].rsplit('.', 1)[0])
    module.__file__ = path
    exec(compile(source, path, 'exec'), module.__dict__)
    return module
if job['action'] == 'ask':
    module = load(job['path'], job['source'])
    names = module.list_types() if hasattr(module, 'list_types') else None
    print()
    print(json.dumps({'types': None if names is None else list(names), 'frequency': getattr(module, 'frequency', None)}))
    sys.exit(0)
modules = {}
failed = False
for event in job['events']:
    path = event['handler']
    try:
        if path not in modules:
            modules[path] = load(path, job['sources'][path])
        module = modules[path]
        payload = event['payload']
        if payload is not None:
            payload = base64.b64decode(payload)
            try:
                payload = payload.decode('utf-8')
            except UnicodeDecodeError:
                pass
        version = int(getattr(module, 'handler_version', 1))
        more = {1: [], 2: [job['frequency']], 3: [job['frequency'], event['headers']]}.get(version)
        if more is None:
            raise ValueError('Unknown module version %s' % version)
        module.handle_part({}, event['content_type'], event['filename'], payload, *more)
    except Exception:
        failed = True
        traceback.print_exc()
sys.stdout.flush()
sys.exit(1 if failed else 0)
`

/** A handler is an ES module that exports `listTypes()`, `handlePart({...})` and perhaps `frequency`. */
export const javascriptDriver = `
const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
const job = JSON.parse(Buffer.concat(chunks).toString())
const load = (source) =>
  import('data:text/javascript;base64,' + Buffer.from(source.replace(/^\\s*#.*/, '')).toString('base64'))
if (job.action === 'ask') {
  const module = await load(job.source)
  const types = module.listTypes === undefined ? null : await module.listTypes()
  console.log('\\n' + JSON.stringify({ types, frequency: module.frequency ?? null }))
} else {
  for (const event of job.events) {
    try {
      const module = await load(job.sources[event.handler])
      const payload = event.payload === null ? null : Buffer.from(event.payload, 'base64')
      const { content_type: contentType, filename, headers } = event
      await module.handlePart({ contentType, filename, payload, headers, frequency: job.frequency })
    } catch (error) {
      process.exitCode = 1
      console.error(error)
    }
  }
}
`
