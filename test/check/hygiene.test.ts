import t from 'tap'
import { inspectFiles } from '../../.build/hygiene.ts'

const inspect = (path: string, text: string) => inspectFiles([{ path, text }], ['mirror.example', '/home/somebody/checkout'])

t.test('a trace of the machine is a complaint with its place', async (t) => {
  t.same(inspect('README.md', 'one\nsee /home/somebody/checkout/dist\n').complaints, [
    'README.md:2: a trace of this machine: /home/somebody/checkout',
  ])
  t.same(inspect('x.sh', 'curl https://mirror.example/x').complaints, ['x.sh:1: a trace of this machine: mirror.example'])
})

t.test('a longer name that begins like a trace is none', async (t) => {
  t.same(inspect('README.md', '/home/somebody/checkout-init.done').complaints, [])
  t.same(inspect('README.md', '/home/somebody/checkout-init.done and /home/somebody/checkout').complaints, ['README.md:1: a trace of this machine: /home/somebody/checkout'])
})

t.test('the lock file names no registry', async (t) => {
  t.same(inspect('package-lock.json', '"resolved": "https://registry.example/x.tgz"').complaints, [
    'package-lock.json:1: the address of a package registry',
  ])
})

t.test('what is left of a merge is a complaint', async (t) => {
  t.same(inspect('x.ts', `${'<'.repeat(7)} HEAD\n`).complaints, ['x.ts:1: a merge conflict'])
})

t.test('a long source file is a warning, and long data is none', async (t) => {
  const long = 'line\n'.repeat(251)
  t.same(inspect('daemon/x.ts', long), { complaints: [], warnings: ['daemon/x.ts: 251 lines'] })
  t.same(inspect('daemon/x.ts', 'line\n'.repeat(250)).warnings, [])
  t.same(inspect('x.json', long).warnings, [])
})

t.test('files that are no text are left alone', async (t) => {
  t.same(inspect('image.qcow2', '\0mirror.example').complaints, [])
})
