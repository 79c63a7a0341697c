import t from 'tap'
import { requireToken } from '../../../tui/http/authorize.ts'

const token = 'right-token-of-enough-letters'
const limits = { wrongTokens: 3, wrongTokenMs: 1000 }

function makeGate(): { ask(authorization: string | undefined, remote?: string): string; pass(ms: number): void } {
  let now = 5_000_000
  const authorize = requireToken(token, limits, () => now)
  return {
    ask(authorization, remote = '192.0.2.1') {
      try {
        authorize(authorization, remote)
        return 'passed'
      } catch (error) {
        const { problem, headers } = error as { problem: { name: string }; headers: Record<string, string> }
        return [problem.name, headers['retry-after']].filter(Boolean).join(' ')
      }
    },
    pass: (ms) => void (now += ms),
  }
}

t.test('the right token passes, in the form of RFC 6750', async (t) => {
  const { ask } = makeGate()
  t.equal(ask(`Bearer ${token}`), 'passed')
  t.equal(ask(`bearer  ${token} `), 'passed')
  for (const wrong of [undefined, '', token, `Basic ${token}`, `Bearer ${token}x`, 'Bearer ', `Bearer ${token} ${token}`]) {
    t.not(ask(wrong), 'passed', String(wrong))
  }
})

t.test('wrong tokens of an address have to wait in the end, for as long as they are told', async (t) => {
  const { ask, pass } = makeGate()
  t.strictSame([1, 2, 3].map(() => ask('Bearer wrong')), ['UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED'])
  t.equal(ask('Bearer wrong'), 'TOO_MANY_ATTEMPTS 1')
  t.equal(ask('Bearer wrong', '192.0.2.2'), 'UNAUTHORIZED', 'another address does not')
  t.equal(ask(undefined), 'UNAUTHORIZED', 'who sends none has not guessed')
  pass(1000)
  t.equal(ask('Bearer wrong'), 'UNAUTHORIZED')
  t.equal(ask('Bearer wrong'), 'TOO_MANY_ATTEMPTS 1')
  pass(60_000)
  t.strictSame([1, 2, 3, 4].map(() => ask('Bearer wrong')), ['UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'TOO_MANY_ATTEMPTS 1'])
})

t.test('nobody can lock out who has the token', async (t) => {
  const { ask } = makeGate()
  for (let i = 0; i < 50; i++) ask('Bearer wrong')
  t.equal(ask(`Bearer ${token}`), 'passed')
})

t.test('a /64 of IPv6 is one sender', async (t) => {
  const { ask } = makeGate()
  for (const remote of ['2001:db8::1', '2001:db8:0:0:1::', '2001:db8::5:6:7:8']) t.equal(ask('Bearer wrong', remote), 'UNAUTHORIZED')
  t.match(ask('Bearer wrong', '2001:db8::ffff'), 'TOO_MANY')
  t.equal(ask('Bearer wrong', '2001:db8:0:1::1'), 'UNAUTHORIZED', 'the /64 beside it is another one')
  t.equal(ask('Bearer wrong', '::ffff:192.0.2.9'), 'UNAUTHORIZED')
})

t.test('what is remembered of addresses is bounded', async (t) => {
  const { ask } = makeGate()
  for (let i = 0; i < 3; i++) ask('Bearer wrong', '10.0.0.1')
  t.match(ask('Bearer wrong', '10.0.0.1'), 'TOO_MANY')
  for (let i = 0; i < 10_000; i++) ask('Bearer wrong', `10.1.${i >> 8}.${i & 255}`)
  t.equal(ask('Bearer wrong', '10.0.0.1'), 'UNAUTHORIZED', 'the oldest is forgotten')
})
