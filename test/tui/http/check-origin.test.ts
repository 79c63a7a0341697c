import t from 'tap'
import { checkAddressed, ownNames } from '../../../tui/http/check-origin.ts'

const names = ownNames('2001:db8::7', ['vm.example.org'])

function judge(host: string | undefined, origin?: string, site?: string): string {
  try {
    checkAddressed({ host, origin, site }, names)
    return 'passed'
  } catch (error) {
    return (error as { problem: { name: string } }).problem.name
  }
}

t.test('Host has to name this server, with any port', async (t) => {
  for (const host of ['localhost', 'localhost:5000', 'LOCALHOST:5000', '127.0.0.1:5000', '[::1]:5000', '[2001:db8::7]', 'vm.example.org', 'VM.example.org:443']) t.equal(judge(host), 'passed', host)
  const foreign = [undefined, '', 'evil.example', 'localhost.evil.example', 'evil.example:5000', 'localhost:5000:1', 'localhost@evil.example', '127.0.0.1.evil.example', '2001:db8::7', '127.0.0.2', '0.0.0.0', 'localhost ', '[::1', 'localhost/']
  for (const host of foreign) t.equal(judge(host), 'HOST_REFUSED', String(host))
})

t.test('what a browser sends for another site is refused', async (t) => {
  t.equal(judge('localhost:5000', 'http://localhost:5000', 'same-origin'), 'passed')
  t.equal(judge('localhost:5000', undefined, 'none'), 'passed', 'typed into its address bar')
  for (const origin of ['null', 'http://evil.example', 'http://localhost', 'http://localhost:5001', 'http://localhost:5000.evil.example', 'file://']) t.equal(judge('localhost:5000', origin), 'ORIGIN_REFUSED', origin)
  for (const site of ['cross-site', 'same-site']) t.equal(judge('localhost:5000', undefined, site), 'ORIGIN_REFUSED', site)
})

t.test('on a Unix socket any Host will do, a foreign Origin will not', async (t) => {
  checkAddressed({ host: 'whatever', origin: undefined, site: undefined }, undefined)
  t.throws(() => checkAddressed({ host: 'localhost', origin: 'http://evil.example', site: undefined }, undefined), { name: 'HttpProblem' })
})
