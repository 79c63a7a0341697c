import t from 'tap'
import { readOptions } from '../../../../daemon/install/setup/options.ts'
import { UserError } from '../../../../policy/errors.ts'
import { renderActions } from '../../../../daemon/install/setup/render.ts'

t.test('options are read as they are meant', async (t) => {
  t.match(readOptions(['--bridge', 'br0', '--bridge=br1', '--member', 'carol', '--prefix', 'fd00::/48']), {
    task: 'setup', bridges: ['br0', 'br1'], members: ['carol'], prefix: 'fd00::/48', yes: false, dryRun: false, isForUser: false,
  })
  t.match(readOptions(['--create-bridge', 'br0', '--uplink', 'eth0', '--bridge', 'br0']), { bridges: ['br0'], createBridge: { bridge: 'br0', uplink: 'eth0' } })
  t.match(readOptions(['--remove', '--purge', '--yes']), { task: 'remove', purge: true, yes: true })
  t.match(readOptions(['--confirm']), { task: 'confirm' })
})

t.test('what cannot be meant is refused', async (t) => {
  const cases = [
    '--bridge if7', '--bridge br0/x', '--bridge=-x', '--create-bridge br0', '--uplink eth0', '--create-bridge eth0 --uplink eth0',
    '--create-bridge br0 --uplink if2', '--prefix fd00::/65', '--prefix x', '--member Carol!', '--member=-a', '--observer ../x', '--purge',
    '--confirm --remove', '--remove --bridge br0', '--confirm --prefix fd00::/48', '--user --member carol', '--user --observer carol',
  ]
  for (const line of cases) t.throws(() => readOptions(line.split(' ')), UserError, line)
  for (const line of ['--force', 'br0', '--yes=1']) t.throws(() => readOptions([line]), TypeError, line)
})

t.test('a step is shown as one would type it', async (t) => {
  const lines = renderActions({ says: '', isDone: false, made: [], actions: [{ run: ['/bin/sh', '-c', "it's"], as: 'carol' }, { write: '/etc/x', text: 'a\nb\n' }] })
  t.same(lines, [`as carol: /bin/sh -c 'it'\\''s'`, 'write /etc/x:', '  a', '  b'])
})
