import t from 'tap'
import { readHttpOptions } from '../../../tui/http/options.ts'

const read = (values: Record<string, unknown>, env: Record<string, string> = { HOME: '/home/carol' }): ReturnType<typeof readHttpOptions> => readHttpOptions(values, env)

t.test('a Unix socket is the default, and its permissions are the token', async (t) => {
  t.strictSame(read({}), { listen: { kind: 'unix' }, access: 'control', allowedHosts: [], legacy: { memoryMiB: 4096, bridge: 'br0' } })
  t.match(read({ unix: '/run/x.sock', group: 'web', 'read-only': true }), { listen: { kind: 'unix', path: '/run/x.sock', group: 'web' }, access: 'observe' })
  t.match(read({ memory: 512, bridge: 'lan0' }), { legacy: { memoryMiB: 512, bridge: 'lan0' } })
})

t.test('TCP has a token, in the configuration folder where not said', async (t) => {
  t.match(read({ listen: '127.0.0.1:5000' }), { listen: { kind: 'tcp', host: '127.0.0.1', port: 5000 }, tokenFile: '/home/carol/.config/aetherscale/http.token' })
  t.match(read({ listen: '[::1]:5000' }, { CONFIG_DIR: '/etc/x' }), { listen: { host: '::1' }, tokenFile: '/etc/x/http.token' })
  t.match(read({ listen: 'localhost:0' }, { XDG_CONFIG_HOME: '/c' }), { listen: { host: '127.0.0.1', port: 0 }, tokenFile: '/c/aetherscale/http.token' })
  t.match(read({ listen: '127.0.0.1:5000', 'token-file': '/t' }), { tokenFile: '/t' })
  t.notOk('tokenFile' in read({ listen: '127.0.0.1:5000', 'insecure-no-token': true }))
})

t.test('other machines come in by TLS and with a token only', async (t) => {
  const tls = { 'tls-cert': '/c', 'tls-key': '/k' }
  t.match(read({ listen: '192.0.2.1:443', ...tls, 'allow-host': ['vm.example.org'] }), { tls: { cert: '/c', key: '/k' }, tokenFile: String, allowedHosts: ['vm.example.org'] })
  for (const listen of ['0.0.0.0:5000', '192.0.2.1:5000', '[::]:5000', '[::ffff:127.0.0.1]:5000']) {
    t.throws(() => read({ listen }), { name: 'UsageError', message: /overheard/ }, listen)
    t.throws(() => read({ listen, ...tls, 'insecure-no-token': true }), { name: 'UsageError', message: /the machine itself/ }, listen)
  }
})

t.test('what does not go together, or is no address, is an error of usage', async (t) => {
  const wrong: Record<string, unknown>[] = [
    { listen: '5000' },
    { listen: 'example.org:5000' },
    { listen: '127.0.0.1:70000' },
    { listen: '::1:5000' },
    { listen: '127.0.0.1:5000', unix: '/x' },
    { listen: '127.0.0.1:5000', group: 'web' },
    { listen: '127.0.0.1:5000', 'tls-cert': '/c' },
    { listen: '127.0.0.1:5000', 'token-file': '/t', 'insecure-no-token': true },
    { listen: '127.0.0.1:5000', 'allow-host': ['http://x'] },
    { 'token-file': '/t' },
    { 'insecure-no-token': true },
    { 'tls-cert': '/c', 'tls-key': '/k' },
  ]
  for (const values of wrong) t.throws(() => read(values), { name: 'UsageError' }, JSON.stringify(values))
})
