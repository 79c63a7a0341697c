/**
 * Whoever may connect to the helper sends whatever it likes: each case is refused in the way that the contract says, and
 * the host is as it was. The helper is the real one, on the real kernel.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { identify, type Link } from '../../helper/links.ts'
import { deriveName, GROUP } from '../../helper/names.ts'
import { privilegedCodes } from '../../policy/privileged/errors.ts'
import { operations, REQUEST_LIMIT, REQUEST_WITHIN_MS } from '../../policy/privileged/operations.ts'
import { createRandom } from '../inputs/random.ts'
import { startHelper, type Answer, type TestHelper } from './helper-process.ts'
import { ADVERTISED, GRANT, HOSTILE_CASES, OTHER_UID, TAP, type HostileCase } from './hostile-cases.ts'
import { lacksTaps, openNamespace, type Namespace } from './namespace.ts'

const isRoot = process.getuid?.() === 0
/** Anyone but root has only the uid 0 of a namespace of its own, and no second one to be a stranger. */
const CALLER = isRoot ? 1000 : 0
const STRANGER = 4242
const CASES = HOSTILE_CASES.filter(({ asStranger }) => isRoot || !asStranger)

const hasNft = spawnSync('nft', ['--version'], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }).status === 0

/** Everything of the network that a helper with its privilege could change. */
const LOOK = [
  'ip -j -d link', 'ip -j addr', 'ip -j route show table all', 'ip -j -6 route show table all', 'ip -j rule', 'ip -j -6 rule', 'bridge -j vlan',
  'cd /proc/sys/net; grep -H . ipv?/conf/*/forwarding ipv6/conf/*/accept_ra ipv6/conf/*/disable_ipv6 ipv6/conf/*/addr_gen_mode ipv4/conf/*/arp_ignore ipv4/conf/*/rp_filter',
  ...(hasNft ? ['nft list ruleset'] : []),
].join(' 2>&1; echo; ')

function snapshot(namespace: Namespace, { folder }: TestHelper): string {
  // timers of bridges run by themselves
  const network = namespace.run('sh', '-c', LOOK).stdout.replace(/"\w+_timer":\s*[\d.]+,?/g, '')
  const isFile = (name: string): boolean => !/\.sock$|^audit\.log$/.test(name)
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => `${entry.name} ${entry.isFile() && isFile(entry.name) ? readFileSync(join(entry.parentPath, entry.name), 'latin1') : ''}`)
  return [network, ...files.toSorted()].join('\n')
}

interface Exchange {
  readonly answer: string
  readonly ms: number
}

/** Until the connection is closed, which is always the helper's doing, but for a client that hangs up. */
async function exchange(path: string, bytes: string | Uint8Array, then?: HostileCase['then']): Promise<Exchange> {
  const began = performance.now()
  const client = connect({ path, allowHalfOpen: true })
  const chunks: Buffer[] = []
  const closed = new Promise((resolve) => client.on('close', resolve))
  client.on('data', (chunk) => chunks.push(chunk)).on('error', () => undefined)
  // one that holds its side open closes it when the helper has closed: else this would wait for itself
  client.on('end', () => client.end())
  if (then === undefined) client.end(bytes)
  else client.write(bytes)
  if (then === 'hangUp') client.on('connect', () => setImmediate(() => client.destroy()))
  const drip = then === 'drip' ? setInterval(() => client.writable && client.write(' '), 200) : undefined
  await closed
  clearInterval(drip)
  return { answer: Buffer.concat(chunks).toString(), ms: performance.now() - began }
}

/** Audit lines from `from` on; waits until there are `count`, for a client may be gone before the line is written. */
async function readAudit(helper: TestHelper, from: number, count: number): Promise<string[]> {
  for (let tries = 0; ; tries += 1) {
    const lines = readFileSync(join(helper.folder, 'audit.log'), 'utf8').split('\n').slice(from, -1)
    if (lines.length >= count || tries > 400) return lines
    await delay(10)
  }
}

/** The host that the cases are written for. */
async function prepare(t: Parameters<typeof startHelper>[0]): Promise<{ namespace: Namespace; helper: TestHelper }> {
  const namespace = await openNamespace(t)
  const own = { [CALLER]: GRANT }
  const helper = await startHelper(t, namespace, isRoot ? { ...own, [STRANGER]: {} } : own)
  writeFileSync(helper.allowlist, JSON.stringify({ version: 1, principals: own }))
  for (const [method, params] of [
    ['bridge.ensure', { network: 'lan' }], ['bridge.ensure', { network: 'mixed' }], ['tap.ensure', TAP],
    ['ra.set', { network: 'lan', prefix: ADVERTISED }],
  ] as const) {
    const { error } = await helper.ask(CALLER, method, params)
    if (error) throw new Error(`${method}: ${error.message}`)
  }
  const nameOf = (uid: number, kind: 'bridge' | 'tap', key: string): string => deriveName({ uid, kind, key }).name
  const { name: others, alias } = deriveName({ uid: OTHER_UID, kind: 'bridge', key: 'x' })
  const theirs = nameOf(CALLER, 'bridge', 'theirs')
  for (const line of [
    'link add eth0 type veth peer name wire', 'link set eth0 up', 'link set wire up', 'addr add 192.0.2.1/24 dev eth0', 'route add default via 192.0.2.2',
    // without an address of its own it would take that of its first port, a tap
    'link add br0 address 02:00:00:00:00:b0 type bridge', 'link set br0 up', 'link add docker0 type bridge', 'link set docker0 up',
    'link property add dev eth0 altname aealt0', `link property add dev eth0 altname ${nameOf(CALLER, 'bridge', 'alt')}`,
    `link add ${others} group ${GROUP} type bridge`, `link set ${others} alias ${alias} up`,
    `link add ${theirs} group ${GROUP} type bridge`, `link set ${theirs} alias aetherscale:${OTHER_UID}:bridge:theirs`,
    `link add ${nameOf(CALLER, 'bridge', 'squat')} type bridge`, `link add ${nameOf(CALLER, 'tap', 'squatter.0')} type bridge`,
    'link add foreign0 type veth peer name foreign1', `link set foreign0 master ${nameOf(CALLER, 'bridge', 'mixed')}`,
  ]) namespace.ask('ip', ...line.split(' '))
  // carriers, and addresses that are looked for on the link (RFC 4862, section 5.4), come to rest
  const isAtRest = (now: string): boolean => !now.includes('"tentative":true')
  for (let [last, now] = ['', snapshot(namespace, helper)]; now !== last || !isAtRest(now); [last, now] = [now, snapshot(namespace, helper)]) await delay(1500)
  return { namespace, helper }
}

t.test('what is hostile is refused, and nothing is changed', { skip: lacksTaps(), timeout: 120_000 }, async (t) => {
  const { namespace, helper } = await prepare(t)
  t.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length, 'each case has a name of its own')
  const before = snapshot(namespace, helper)
  t.match(before, new RegExp(ADVERTISED), 'the picture shows what is advertised')
  let lines = (await readAudit(helper, 0, 4)).length
  for (const { name, why, bytes, expect, then, asStranger, operation } of CASES) {
    await t.test(`${name}: ${why}`, async (t) => {
      const { answer, ms } = await exchange(helper.socket(asStranger ? STRANGER : CALLER), bytes, then)
      // to whoever still writes when it is closed, the kernel tells that before it hands out the answer
      const isMissed = answer === '' && bytes.length > 2 * REQUEST_LIMIT
      if (expect === 'closed') t.equal(answer, '')
      else if (!isMissed) {
        t.match(answer, /^[^\n]+\n$/, 'one line')
        const { error, result } = JSON.parse(answer) as Answer
        t.equal(error?.data.name ?? 'nothing', expect, answer)
        if (expect === 'nothing') t.equal(result?.['changed'], false)
        else t.equal(error?.code, privilegedCodes[expect])
      }
      const isTimed = then === 'drip' || (then === 'hold' && expect === 'closed')
      t.ok(isTimed ? ms >= REQUEST_WITHIN_MS - 100 && ms < 2 * REQUEST_WITHIN_MS : ms < 1500, `closed after ${Math.round(ms)} ms`)

      const audit = await readAudit(helper, lines, 1)
      t.equal(audit.length, 1, `one line of the log: ${audit.join(' | ')}`)
      const [line = ''] = audit
      t.match(line, /^[ -~]{1,1000}$/, 'which prints')
      const note = JSON.parse(line) as Record<string, unknown>
      t.same(Object.keys(note).toSorted(), ['decision', 'ms', 'operation', 'principal', 'reason'])
      t.match(note, { principal: asStranger ? STRANGER : CALLER, decision: expect === 'nothing' ? 'granted' : expect === 'closed' ? /^[A-Z_]+$/ : expect, ms: Number })
      if (expect !== 'nothing') t.not(note['reason'], '')
      if (operation !== undefined) t.equal(note['operation'], operation.slice(0, 64))

      t.match(await helper.ask(CALLER, 'policy.get'), { result: { uid: CALLER, used: { taps: 1, bridges: 2 } } }, 'it lives')
      const after = snapshot(namespace, helper)
      if (after !== before) t.same(after.split('\n'), before.split('\n'), 'links, addresses, routes, settings and files are as they were')
      lines += 2
    })
  }
  t.equal((await readAudit(helper, lines, 0)).length, 0, 'no line but those')
  t.comment(`${CASES.length} hostile cases refused; rulesets of nftables ${hasNft ? 'compared' : 'not compared: nft is not here'}`)
})

/** What a frame asks for, read without the helper's own envelope: an operation that fits the contract, or nothing. */
function readFrame(frame: Buffer): unknown {
  const end = frame.indexOf('\n')
  if (frame.length > REQUEST_LIMIT) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(end < 0 ? frame : frame.subarray(0, end))
    const { jsonrpc, id, method, params = {}, ...rest } = JSON.parse(text) as Record<string, unknown>
    const isId = typeof id === 'string' ? id.length <= 64 : Number.isSafeInteger(id)
    if (jsonrpc !== '2.0' || !isId || Object.keys(rest).length > 0 || typeof method !== 'string' || !Object.hasOwn(operations, method)) return undefined
    return operations[method as keyof typeof operations].safeParse(params).success || undefined
  } catch {
    return undefined
  }
}

t.test('bent frames are answered by a line each, and granted only if they fit the contract', { skip: lacksTaps(), timeout: 120_000 }, async (t) => {
  const seed = Number(process.env['AETHERSCALE_SEED'] ?? Date.now() % 1_000_000)
  t.comment(`AETHERSCALE_SEED=${seed}`)
  const random = createRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  const { namespace, helper } = await prepare(t)

  const requests: [string, object][] = [
    ['policy.get', {}], ['link.list', {}], ['bridge.ensure', { network: 'lan' }], ['bridge.delete', { network: 'mixed' }], ['tap.ensure', TAP],
    ['tap.ensure', { ...TAP, attach: { bridge: 'br0' } }], ['tap.ensure', { ...TAP, attach: { network: 'lan', addresses: ['10.0.0.1', 'fd00::1'] } }], ['tunnel.ensure', { network: 'lan' }],
    ['tunnel.delete', { network: 'lan' }], ['tap.delete', { vm: TAP.vm, nic: 0 }], ['ra.set', { network: 'lan', prefix: 'fd00:ae:0:1::/64' }],
    ['ra.clear', { network: 'lan' }],
  ]
  const values = ['null', 'true', '[]', '{}', '-1', '1e999', '""', '"lan"', '"\\u0000"', '{"__proto__":{}}', '"eth0"', '9007199254740993']
  const bend = (frame: Buffer): Buffer => {
    const at = below(frame.length)
    switch (below(6)) {
      case 0: return Buffer.concat([frame.subarray(0, at), Buffer.from([frame[at]! ^ (1 << below(8))]), frame.subarray(at + 1)])
      case 1: return frame.subarray(0, at)
      case 2: return Buffer.concat([frame.subarray(0, -1), frame])
      case 3: return Buffer.concat([frame.subarray(0, at), frame.subarray(at + 1 + below(5))])
      case 4: return Buffer.concat([frame.subarray(0, at), Buffer.from([below(256)]), frame.subarray(at)])
      default: {
        const [tokens, nth] = [[...frame.toString('latin1').matchAll(/"[^"]*"|\d+|\{\}/g)], random()]
        const token = tokens[Math.floor(nth * tokens.length)]
        if (!token) return frame
        return Buffer.concat([frame.subarray(0, token.index), Buffer.from(pick(values)), frame.subarray(token.index + token[0].length)])
      }
    }
  }
  const foreign = (): string => {
    const links = JSON.parse(namespace.ask('ip', '-N', '-j', '-d', 'link')) as Link[]
    // what ports there are of foreign bridges is up to whom they are granted; a carrier follows from that
    const facts = links.filter((link) => identify(link)?.uid !== CALLER).map((link) => [link.ifname, link.ifalias, link.group, link.address])
    return JSON.stringify([facts, JSON.parse(namespace.ask('ip', '-j', 'route')), JSON.parse(namespace.ask('ip', '-j', '-4', 'addr', 'show', 'dev', 'eth0'))])
  }

  const before = foreign()
  const from = (await readAudit(helper, 0, 4)).length
  const tally = { granted: 0, refused: 0 }
  const COUNT = 600
  for (let sent = 0; sent < COUNT; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, async () => {
      const [method, params] = pick(requests)
      let frame = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id: below(100), method, params })}\n`)
      for (let times = below(3); times > 0 && frame.length > 0; times -= 1) frame = Buffer.from(bend(frame))
      const { answer } = await exchange(helper.socket(CALLER), frame)
      if (!/^[^\n]+\n$/.test(answer)) return t.fail(`no answer, or more than a line, to ${frame.toString('base64')}: ${answer}`)
      const { error } = JSON.parse(answer) as Answer
      if (!error) tally.granted += 1
      else tally.refused += 1
      if (error?.data.name === 'INTERNAL') t.fail(`a defect at ${frame.toString('base64')}: ${error.message}`)
      const isContract = error === undefined || error.data.name.startsWith('NET_')
      if (isContract !== (readFrame(frame) !== undefined)) t.fail(`${frame.toString('base64')} was answered ${answer}`)
    }))
  }
  t.comment(`${COUNT} frames: ${JSON.stringify(tally)}`)
  t.ok(tally.granted > 0 && tally.refused > COUNT / 4, 'some were granted and many refused')
  t.match(await helper.ask(CALLER, 'policy.get'), { result: { uid: CALLER } }, 'it lives')
  t.equal(foreign(), before, 'links of others are as they were')
  const audit = await readAudit(helper, from, COUNT + 1)
  t.equal(audit.length, COUNT + 1, 'a line of the log each')
  t.ok(audit.every((line) => /^[ -~]+$/.test(line) && typeof (JSON.parse(line) as { ms: unknown }).ms === 'number'), 'which prints')
})
