/**
 * What the helper must refuse, and how: frames, envelopes, methods, names, links of others, grants, prefixes. The caller
 * has the networks `lan` and `mixed` and the one tap that it is granted; hostile.test.ts makes the rest of the host.
 */
import { deriveName } from '../../helper/names.ts'
import type { PrivilegedErrorName } from '../../policy/privileged/errors.ts'

export interface HostileCase {
  readonly name: string
  readonly why: string
  readonly bytes: string | Uint8Array
  /** `nothing`: granted, for deleting what is not there succeeds, and nothing happens. `closed`: without an answer. */
  readonly expect: PrivilegedErrorName | 'nothing' | 'closed'
  /** What the client does when the bytes are out; it ends its side unless told otherwise. */
  readonly then?: 'hold' | 'drip' | 'hangUp'
  /** A principal of the socket that the allowlist does not name. */
  readonly asStranger?: true
  /** What the audit line names as the operation. */
  readonly operation?: string
}

/** Another user of the host, whose uid begins with that of the caller. */
export const OTHER_UID = 10_001
/** What the caller is granted, and the one /64 of it that is in use. */
export const GRANT = { bridges: ['br0', 'aealt0', 'wire', 'gone'], prefix: 'fd00:ae::/48', quota: { taps: 1, bridges: 3 } }
export const ADVERTISED = 'fd00:ae:0:ffff::/64'
export const TAP = { vm: 'abcdefgh', nic: 0, attach: { network: 'lan' }, mac: '52:54:00:12:34:56' }

const OTHERS_BRIDGE = deriveName({ uid: OTHER_UID, kind: 'bridge', key: 'x' }).name

const frame = (method: unknown, params?: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
/** Where only JSON as text shows the attack. */
const raw = (method: string, params: string): string => `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}\n`

type More = Omit<HostileCase, 'name' | 'why' | 'bytes' | 'expect'>
const send = (name: string, expect: HostileCase['expect'], why: string, bytes: string | Uint8Array, more: More = {}): HostileCase =>
  ({ name, expect, why, bytes, ...more })
const ask = (name: string, expect: HostileCase['expect'], why: string, method: unknown, params?: unknown, more: More = {}): HostileCase =>
  send(name, expect, why, `${frame(method, params)}\n`, { ...(typeof method === 'string' && { operation: method }), ...more })
/** A value that no place of the contract takes is refused in each of them. */
const everywhere = (name: string, why: string, value: unknown): HostileCase[] => [
  ask(`${name}-network`, 'INVALID_PARAMS', why, 'bridge.ensure', { network: value }),
  ask(`${name}-vm`, 'INVALID_PARAMS', why, 'tap.delete', { vm: value, nic: 0 }),
  ask(`${name}-attach-network`, 'INVALID_PARAMS', why, 'tap.ensure', { ...TAP, attach: { network: value } }),
  ask(`${name}-attach-bridge`, 'INVALID_PARAMS', why, 'tap.ensure', { ...TAP, attach: { bridge: value } }),
  ask(`${name}-address`, 'INVALID_PARAMS', why, 'tap.ensure', { ...TAP, attach: { network: 'lan', addresses: [value] } }),
  ask(`${name}-tunnel`, 'INVALID_PARAMS', why, 'tunnel.ensure', { network: value }),
  ask(`${name}-mac`, 'INVALID_PARAMS', why, 'tap.ensure', { ...TAP, mac: value }),
  ask(`${name}-prefix`, 'INVALID_PARAMS', why, 'ra.set', { network: 'lan', prefix: value }),
]
const LIST = frame('link.list')

const frames: HostileCase[] = [
  send('frame-empty', 'PARSE_ERROR', 'an empty frame is no default request', '\n'),
  send('frame-nothing', 'PARSE_ERROR', 'no frame at all', ''),
  send('frame-hang-up', 'closed', 'whoever is gone at once leaves nothing behind', '', { then: 'hangUp' }),
  send('frame-hang-up-half-way', 'closed', 'as above, with half a request', LIST.slice(0, 20), { then: 'hangUp' }),
  send('frame-slow-loris', 'closed', 'one byte, then silence: the deadline frees the slot', '{', { then: 'hold' }),
  send('frame-slow-drip', 'closed', 'a byte now and then does not move the deadline', '{', { then: 'drip' }),
  send('frame-never-closed', 'PARSE_ERROR', 'a client that never ends its side is closed all the same', '{}}\n', { then: 'hold' }),
  send('frame-invalid-utf8', 'PARSE_ERROR', '0xff must not turn into U+FFFD', Buffer.from(raw('bridge.ensure', '{"network":"a\xff0"}'), 'latin1')),
  send('frame-overlong-utf8', 'PARSE_ERROR', '0xc0 0xaf is / in a lenient decoder', Buffer.from(raw('bridge.ensure', '{"network":"a\xc0\xaf"}'), 'latin1')),
  send('frame-utf8-surrogate', 'PARSE_ERROR', 'CESU-8', Buffer.from(raw('bridge.ensure', '{"network":"\xed\xa0\x80"}'), 'latin1')),
  send('frame-utf16', 'PARSE_ERROR', 'another encoding', Buffer.from(`${LIST}\n`, 'utf16le')),
  send('frame-bom', 'PARSE_ERROR', 'some decoders eat a byte order mark, and a log would not show it', `\ufeff${LIST}\n`),
  send('frame-two-objects', 'PARSE_ERROR', 'a log sees the first, a parser may act on the second', `${LIST}${frame('bridge.delete', { network: 'lan' })}\n`),
  send('frame-json5', 'PARSE_ERROR', 'comments and trailing commas', '{"jsonrpc":"2.0","id":1,/*x*/"method":"link.list","params":{},}\n'),
  send('frame-nan', 'PARSE_ERROR', 'numbers that JSON does not have', raw('tap.delete', '{"vm":"abcdefgh","nic":NaN}')),
  send('frame-hex', 'PARSE_ERROR', 'as above', raw('tap.delete', '{"vm":"abcdefgh","nic":0x0}')),
  send('frame-nul', 'PARSE_ERROR', 'a NUL byte is no blank', `${LIST}\0\n`),
  send('frame-nul-first', 'PARSE_ERROR', 'as above', `\0${LIST}\n`),
  send('frame-raw-nul-in-name', 'PARSE_ERROR', 'control characters have to be escaped', raw('bridge.ensure', '{"network":"lan\0"}')),
  send('frame-carriage-return', 'PARSE_ERROR', 'a CR ends no line, and is no part of a text', raw('bridge.ensure', '{"network":"lan\r"}')),
  send('frame-deep-nest', 'INVALID_REQUEST', '20,000 nested arrays: the stack of a recursive validator or logger', `${'['.repeat(20_000)}${']'.repeat(20_000)}\n`),
  send('frame-deep-params', 'INVALID_PARAMS', 'as above, where params go', raw('bridge.ensure', `${'['.repeat(20_000)}${']'.repeat(20_000)}`)),
  send('frame-deep-id', 'INVALID_REQUEST', 'as above, where the id goes', `{"jsonrpc":"2.0","id":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)},"method":"link.list"}\n`),
  send('frame-too-long', 'INVALID_REQUEST', '64 KiB and one byte, with a newline', `${LIST}${' '.repeat(65_537 - LIST.length)}\n`),
  send('frame-too-long-unended', 'INVALID_REQUEST', 'as above, without one, and the client waits', `${LIST}${' '.repeat(65_537 - LIST.length)}`, { then: 'hold' }),
  send('frame-one-mebibyte', 'INVALID_REQUEST', 'memory is bounded', 'x'.repeat(1_048_576)),
  send('frame-pipeline', 'NET_DENIED', 'the connection is dead after a refusal: the second is not run',
    `${frame('bridge.delete', { network: 'squat' })}\n${frame('bridge.ensure', { network: 'second' })}\n`, { operation: 'bridge.delete' }),
  send('frame-pipeline-after-nothing', 'nothing', 'nor is it after an answer', `${frame('bridge.delete', { network: 'none' })}\n${frame('bridge.ensure', { network: 'second' })}\n`),
]

const envelopes: HostileCase[] = [
  ...['null', '1', '"link.list"', 'true', '[]', `[${LIST}]`, '{}'].map((bytes, at) => send(`env-${at}`, 'INVALID_REQUEST', 'no request, or a batch', `${bytes}\n`)),
  send('env-notification', 'INVALID_REQUEST', 'without an id, nobody hears what came of a change', '{"jsonrpc":"2.0","method":"bridge.ensure","params":{"network":"new"}}\n'),
  ...['{"__proto__":1}', 'null', 'true', '1.5', '1e400', '9007199254740993', '[1]', `"${'i'.repeat(65)}"`, `"${'i'.repeat(60_000)}"`, '{"length":{"toString":1}}', '{"length":1}'].map((id, at) =>
    send(`env-id-${at}`, 'INVALID_REQUEST', 'an id is a short text or a whole number', `{"jsonrpc":"2.0","id":${id},"method":"link.list"}\n`)),
  ...['["link.list"]', 'null', '{"toString":"link.list"}', '7'].map((method, at) =>
    send(`env-method-${at}`, 'INVALID_REQUEST', 'what reads like a method once it is a text', `{"jsonrpc":"2.0","id":1,"method":${method}}\n`)),
  ...['"1.0"', '2.0', '"2.0 "', '["2.0"]'].map((version, at) =>
    send(`env-version-${at}`, 'INVALID_REQUEST', 'another protocol', `{"jsonrpc":${version},"id":1,"method":"link.list"}\n`)),
  send('env-more', 'INVALID_REQUEST', 'a key that is not of JSON-RPC', '{"jsonrpc":"2.0","id":1,"method":"link.list","uid":0}\n'),
  send('env-proto', 'INVALID_REQUEST', 'as above', '{"jsonrpc":"2.0","id":1,"method":"link.list","__proto__":{"params":{}}}\n'),
  ask('env-params-array', 'INVALID_PARAMS', 'positional params have no schema', 'bridge.ensure', ['lan']),
  ask('env-params-null', 'INVALID_PARAMS', 'null is no params', 'link.list', null),
  ask('env-params-text', 'INVALID_PARAMS', 'nor is a text', 'bridge.ensure', '{"network":"lan"}'),
  send('env-params-proto', 'INVALID_PARAMS', 'a prototype gives no params', raw('bridge.ensure', '{"__proto__":{"network":"lan"}}')),
  send('env-params-proto-more', 'INVALID_PARAMS', 'nor does it come along', raw('bridge.ensure', '{"network":"new","__proto__":{"uid":0}}')),
  send('env-attach-proto', 'INVALID_PARAMS', 'at no depth', raw('tap.ensure', JSON.stringify(TAP).replace('"network":"lan"', '"network":"lan","__proto__":{"bridge":"br0"}'))),
  send('env-method-twice', 'METHOD_NOT_FOUND', 'of a key given twice, what is checked, done and logged is the same one',
    '{"jsonrpc":"2.0","id":1,"method":"link.list","method":"ip.exec"}\n', { operation: 'ip.exec' }),
  send('env-param-twice', 'INVALID_PARAMS', 'as above', raw('bridge.ensure', '{"network":"lan","network":"../lan"}')),
  send('env-param-twice-last', 'NET_DENIED', 'as above', raw('bridge.ensure', '{"network":"../lan","network":"squat"}')),
]

const methods: HostileCase[] = [
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 'Bridge.Ensure', 'bridge.ensure ', 'bridge.ensure\0', 'bridge.ensure\n', 'bridge.create', 'tap.create',
    'radvd.start', 'link.list\u2028{"principal":0}', '\u202elink.list', 'bridge\uff0eensure', '\ud800', '\u001b[2Jlink.list'].map((method, at) =>
    ask(`method-${at}`, 'METHOD_NOT_FOUND', 'the list is closed and byte-exact, and reaches no prototype', method, { network: 'new' })),
  ask('method-raw-ip', 'METHOD_NOT_FOUND', 'no way to ip(8)', 'ip.exec', { argv: ['link', 'del', 'eth0'] }),
  ...['nat.enable', 'nft.run', 'filter.set', 'filter.clear', 'tunnel.create', 'tunnel.list'].map((method) =>
    ask(`method-nft-${method}`, 'METHOD_NOT_FOUND', 'rules follow from taps alone', method, { interface: 'lan; flush ruleset' })),
  ask('method-long', 'METHOD_NOT_FOUND', 'a line of the log stays short', 'm'.repeat(60_000), {}, { operation: 'm'.repeat(64) }),
  ask('method-long-emoji', 'METHOD_NOT_FOUND', 'as above, cut within a pair', `x${'\u{1f600}'.repeat(8000)}`, {}, { operation: `x${'\u{1f600}'.repeat(31)}\ud83d` }),
]

const names: HostileCase[] = [
  ...everywhere('name-empty', 'nothing', ''),
  ...everywhere('name-nul', 'a NUL ends a text in C', 'lan\0eth0'),
  ...everywhere('name-words', 'blanks add words for ip(8)', 'lan user 0 multi_queue'),
  ...everywhere('name-newline', 'a newline adds a line for it', 'lan\nlink del dev eth0'),
  ...everywhere('name-last-newline', 'at the end as well, where a regular expression may look past it', 'abcdefgh\n'),
  ...everywhere('name-dash', 'an option; the kernel takes it as a name', '-force'),
  ...everywhere('name-cyrillic', 'the kernel takes names that are not ASCII', '\u0430bcdefgh'),
  ...everywhere('name-arabic-digits', 'digits for Unicode, none for us', 'lan\u0661\u0662'),
  ...everywhere('name-lone-surrogate', 'turns into U+FFFD in an argument', 'ab\ud8000'),
  ...everywhere('name-path', 'a path', '../../conf/all'),
  ...everywhere('name-slash', 'a part of one: settings are files', 'a/b'),
  ...everywhere('name-percent', 'the kernel numbers such names', 'lan%d'),
  ...everywhere('name-nft', 'a script', 'lan; flush ruleset'),
  ...everywhere('name-long', 'longer than any name', 'a'.repeat(40)),
  ...everywhere('name-array', 'reads like a name once it is a text', ['lan']),
  ...everywhere('name-object', 'as above', { toString: 'lan' }),
  ...everywhere('name-number', 'as above', 7),
  ...everywhere('name-null', 'as above', null),
  ...['if2', 'if1', 'if4000', 'if007', OTHERS_BRIDGE, 'aenaaaaaaaaaaaa', 'aetaaaaaaaaaaaa', '.', '..', '2', '@eth0', 'eth0@wire', 'br0:1'].map((bridge, at) =>
    ask(`bridge-${at}`, 'INVALID_PARAMS', 'ip(8) reads some names otherwise, and ours cannot be aimed at', 'tap.ensure', { ...TAP, attach: { bridge } })),
  // as names of networks these are as good as any: no link is called so
  ...['group', 'if2', 'eth0', 'all', 'default', 'dev', 'lo'].map((network) =>
    ask(`network-${network}`, 'nothing', 'a network of this name is not the link, group or keyword of this name', 'bridge.delete', { network })),
  ask('network-upper', 'INVALID_PARAMS', 'names are lower case', 'bridge.ensure', { network: 'LAN' }),
  ask('network-dash-last', 'INVALID_PARAMS', 'and do not end in a dash', 'bridge.ensure', { network: 'lan-' }),
  ...[-1, 8, 0.5, 1e21, 2 ** 53, '0', true, [0], null].map((nic, at) =>
    ask(`nic-${at}`, 'INVALID_PARAMS', 'a whole number from 0 to 7', 'tap.delete', { vm: TAP.vm, nic })),
  send('nic-huge', 'INVALID_PARAMS', 'more than a double holds', raw('tap.delete', `{"vm":"abcdefgh","nic":${'9'.repeat(400)}}`)),
  send('nic-wraps', 'INVALID_PARAMS', '2 to the 32 is not 0', raw('tap.delete', '{"vm":"abcdefgh","nic":4294967296}')),
  send('nic-exponent', 'nothing', '1e0 is 1, and there is none', raw('tap.delete', '{"vm":"abcdefgh","nic":1e0}')),
  send('nic-minus-zero', 'nothing', 'a zero like the other', raw('tap.delete', '{"vm":"zzzzzzzz","nic":-0}')),
  ...['01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff', '52:54:00:12:34:5', '52:54:00:12:34:56:78', '52-54-00-12-34-56', '52:54:00:AB:CD:EF', '525400123456', '52:54:00:12:34:56\n',
    '52:54:00:12:34:56 master wire', '52:54:00:12:34:g6'].map((mac, at) =>
    ask(`mac-${at}`, 'INVALID_PARAMS', 'one unicast address in one form', 'tap.ensure', { ...TAP, mac })),
  ...['interface', 'name', 'user', 'owner', 'uid', 'group', 'ifindex', 'netns', 'pid', 'path', 'alias', 'altname', 'multi_queue', 'master'].flatMap((key) => [
    ask(`smuggle-tap-${key}`, 'INVALID_PARAMS', 'the contract has no place for it', 'tap.ensure', { ...TAP, [key]: key === 'interface' ? 'eth0' : 0 }),
    ask(`smuggle-bridge-${key}`, 'INVALID_PARAMS', 'as above', 'bridge.delete', { network: 'lan', [key]: 'eth0' }),
  ]),
  ...['10.0.0.1/8', '0.0.0.0', '127.0.0.1', '224.0.0.1', '010.0.0.1', '10.0.0.1 } accept', '10.0.0.1, 10.0.0.2', '10.0.0.1-10.9.9.9', '10 0 0 1', '10.0.0.\u0661', '::', '::1', '::/0', 'fe80::1', 'ff02::1', 'fd00::1/8',
    'FD00::1', 'fd00:0::1', '::ffff:10.0.0.1', 'fd00::1%eth0', 'fd00::1 } accept; flush ruleset; #', 'fd00::1\nflush ruleset', '@ports', '$x', '*'].map((address, at) =>
    ask(`address-${at}`, 'INVALID_PARAMS', 'one address that a guest can have, in one form', 'tap.ensure', { ...TAP, attach: { network: 'lan', addresses: ['10.0.0.1', address] } })),
  ask('address-many', 'INVALID_PARAMS', 'eight at most', 'tap.ensure', { ...TAP, attach: { network: 'lan', addresses: Array.from({ length: 9 }, (_, at) => `10.0.0.${at + 1}`) } }),
  ...['10.0.0.1', { 0: '10.0.0.1', length: 1 }, null, true].map((addresses, at) =>
    ask(`address-list-${at}`, 'INVALID_PARAMS', 'a list is a list', 'tap.ensure', { ...TAP, attach: { network: 'lan', addresses } })),
  ask('address-bridge', 'INVALID_PARAMS', "what addresses there are on an admin's bridge is not the caller's to say", 'tap.ensure', { ...TAP, attach: { bridge: 'br0', addresses: [] } }),
  ask('smuggle-services', 'INVALID_PARAMS', 'services are for the allowlist to name', 'tap.ensure', { ...TAP, services: ['tcp:22'] }),
  ask('smuggle-attach-services', 'INVALID_PARAMS', 'as above', 'tap.ensure', { ...TAP, attach: { network: 'lan', services: ['tcp:22'] } }),
  ask('smuggle-tunnel-services', 'INVALID_PARAMS', 'as above', 'tunnel.ensure', { network: 'lan', services: ['tcp:22'] }),
  ask('smuggle-tunnel-mac', 'INVALID_PARAMS', 'a tunnel is given its address', 'tunnel.ensure', { network: 'lan', mac: TAP.mac }),
  ask('smuggle-tunnel-attach', 'INVALID_PARAMS', 'and joins its own network', 'tunnel.ensure', { network: 'lan', attach: { bridge: 'br0' } }),
  ask('tunnel-as-tap', 'INVALID_PARAMS', 'no VM is called as tunnels are', 'tap.ensure', { ...TAP, vm: 'tunnel' }),
  ask('tunnel-as-tap-delete', 'INVALID_PARAMS', 'as above', 'tap.delete', { vm: 'tunnel', nic: 'lan' }),
  ask('tap-as-tunnel', 'INVALID_PARAMS', 'nor a tunnel as taps of VMs are', 'tunnel.delete', { network: 'abcdefgh.0' }),
  ask('smuggle-name-alone', 'INVALID_PARAMS', 'a link is not named', 'bridge.delete', { name: 'eth0' }),
  ask('smuggle-attach-both', 'INVALID_PARAMS', 'a tap is attached to one', 'tap.ensure', { ...TAP, attach: { network: 'lan', bridge: 'docker0' } }),
  ask('smuggle-attach-none', 'INVALID_PARAMS', 'and not to none', 'tap.ensure', { ...TAP, attach: {} }),
  ask('smuggle-ra-interface', 'INVALID_PARAMS', 'where it is advertised follows from the network', 'ra.set', { network: 'lan', prefix: ADVERTISED, interface: 'eth0' }),
  ask('smuggle-list-uid', 'INVALID_PARAMS', 'each sees its own', 'link.list', { uid: OTHER_UID }),
]

const links: HostileCase[] = [
  ask('own-alias-prefix-ensure', 'NET_DENIED', 'uids are compared as numbers: 10001 begins like 1000', 'bridge.ensure', { network: 'theirs' }),
  ask('own-alias-prefix-delete', 'NET_DENIED', 'as above', 'bridge.delete', { network: 'theirs' }),
  ask('own-alias-prefix-attach', 'NET_DENIED', 'as above', 'tap.ensure', { ...TAP, attach: { network: 'theirs' } }),
  ask('own-others-network', 'nothing', 'a network of the same name of another user is another', 'bridge.delete', { network: 'x' }),
  ask('own-others-attach', 'NET_NOT_FOUND', 'as above', 'tap.ensure', { ...TAP, attach: { network: 'x' } }),
  ask('own-others-advertise', 'NET_NOT_FOUND', 'as above', 'ra.set', { network: 'x', prefix: ADVERTISED }),
  ask('own-squat-ensure', 'NET_DENIED', 'a link that bears our name but not our alias is not taken over', 'bridge.ensure', { network: 'squat' }),
  ask('own-squat-delete', 'NET_DENIED', 'nor removed', 'bridge.delete', { network: 'squat' }),
  ask('own-squat-attach', 'NET_DENIED', 'nor used', 'tap.ensure', { ...TAP, attach: { network: 'squat' } }),
  ask('own-squat-advertise', 'NET_DENIED', 'nor advertised on', 'ra.set', { network: 'squat', prefix: ADVERTISED }),
  ask('own-squat-clear', 'NET_DENIED', 'nor set', 'ra.clear', { network: 'squat' }),
  ask('own-squat-tap', 'NET_DENIED', 'a bridge by the name of a tap', 'tap.ensure', { ...TAP, vm: 'squatter' }),
  ask('own-squat-tap-delete', 'NET_DENIED', 'as above', 'tap.delete', { vm: 'squatter', nic: 0 }),
  ask('own-others-tunnel', 'NET_NOT_FOUND', "nor is a tunnel led into it", 'tunnel.ensure', { network: 'x' }),
  ask('own-alias-prefix-tunnel', 'NET_DENIED', 'nor into one that is not the caller\'s', 'tunnel.ensure', { network: 'theirs' }),
  ask('own-squat-tunnel', 'NET_DENIED', 'nor into one that is nobody\'s', 'tunnel.ensure', { network: 'squat' }),
  ask('own-no-tunnel', 'nothing', 'a tunnel that is not there is deleted', 'tunnel.delete', { network: 'lan' }),
  ask('own-altname-ensure', 'NET_FAILED', 'an alternative name of another link is in the way: what was half made is gone', 'bridge.ensure', { network: 'alt' }),
  ask('own-altname-delete', 'nothing', 'and is not what is deleted', 'bridge.delete', { network: 'alt' }),
  ask('own-altname-clear', 'nothing', 'nor what is set', 'ra.clear', { network: 'alt' }),
  ask('own-altname-attach', 'NET_NOT_FOUND', 'nor what is attached to', 'tap.ensure', { ...TAP, attach: { network: 'alt' } }),
]

const grants: HostileCase[] = [
  ...['docker0', 'eth0', 'lo', 'master', 'BR0', 'br', 'br00', 'constructor', 'length'].map((bridge) =>
    ask(`grant-bridge-${bridge}`, 'NET_DENIED', 'a bridge that is not granted', 'tap.ensure', { ...TAP, attach: { bridge } })),
  ask('grant-altname', 'NET_NOT_FOUND', 'a grant is of a name, not of what else bears it', 'tap.ensure', { ...TAP, attach: { bridge: 'aealt0' } }),
  ask('grant-no-bridge', 'NET_NOT_FOUND', 'what is granted and no bridge is not attached to', 'tap.ensure', { ...TAP, attach: { bridge: 'wire' } }),
  ask('grant-gone', 'NET_NOT_FOUND', 'nor what is not there', 'tap.ensure', { ...TAP, attach: { bridge: 'gone' } }),
  ask('grant-quota', 'NET_QUOTA', 'one tap is granted', 'tap.ensure', { ...TAP, nic: 1 }),
  ask('grant-quota-tunnel', 'NET_QUOTA', 'a tunnel is one more', 'tunnel.ensure', { network: 'lan' }),
  ask('grant-quota-bridge', 'NET_QUOTA', 'on a bridge of the host as well', 'tap.ensure', { ...TAP, nic: 7, attach: { bridge: 'br0' } }),
  ask('grant-stranger', 'NET_DENIED', 'who is not in the allowlist may do nothing', 'bridge.ensure', { network: 'lan' }, { asStranger: true }),
  ask('grant-stranger-reads', 'NET_DENIED', 'not even look', 'policy.get', {}, { asStranger: true }),
  ask('grant-stranger-list', 'NET_DENIED', 'as above', 'link.list', {}, { asStranger: true }),
  ask('grant-stranger-tunnel', 'NET_DENIED', 'as above', 'tunnel.ensure', { network: 'lan' }, { asStranger: true }),
  ask('grant-stranger-delete', 'NET_DENIED', 'as above', 'tap.delete', { vm: TAP.vm, nic: 0 }, { asStranger: true }),
]

const prefixes: HostileCase[] = [
  ask('ra-inject', 'INVALID_PARAMS', 'a block for radvd', 'ra.set', { network: 'lan', prefix: 'fd00:ae:0:1::/64 { }; }; interface eth0 { AdvSendAdvert on; prefix fd00:ae:0:2::/64' }),
  ask('ra-inject-network', 'INVALID_PARAMS', 'the same through the network', 'ra.set', { network: 'lan { }; interface eth0', prefix: 'fd00:ae:0:1::/64' }),
  ...['fd00:ae:0:1::%eth0/64', '::ffff:1.2.3.4/64', 'fd00:ae:0:1::1.2.3.4/64', 'fd00:ae:0:1::/64 ', ' fd00:ae:0:1::/64', 'fd00:ae:0:1::/64\n', 'fd00:ae:0:1::1/64', 'fd00:ae:0:1:8000::/64',
    'fd00:ae:0:1::/63', 'fd00:ae:0:1::/65', 'fd00:ae::/48', 'fd00:ae:0:1::/128', 'fd00:ae:0:1::/+64', 'fd00:ae:0:1::/6\u0664', 'fd00:ae:0:1::/0x40', 'fd00:ae:0:1::/64/64',
    'fd00:ae:0:1::/', 'fd00:ae:0:1::', '[fd00:ae:0:1::]/64', 'fd00:ae:0:1::]:80/@[::1/64', 'fe80::/64', 'ff02::/64', '::/64', '::1/64', '64:ff9b::/64', '10.0.0.0/64', 'fd00:ae:0:1/64',
    'fd00::ae::1/64', 'fd00:ae:0:1:0:0:0:0:0/64', 'fd00:00ae0:0:1::/64', 'g000::/64', `${':'.repeat(30_000)}/64`].map((prefix, at) =>
    ask(`ra-prefix-${at}`, 'INVALID_PARAMS', 'one /64 that can be assigned, and no bit more', 'ra.set', { network: 'lan', prefix })),
  ...['2001:4860:4860::/64', 'fd00:ae:1::/64', 'fd00:ad:ffff:ffff::/64', 'fd00:a::/64', 'fd01:ae::/64', 'fc00:ae::/64', '3fff::/64', 'FD00:AE:1:0::/64'].map((prefix, at) =>
    ask(`ra-foreign-${at}`, 'NET_DENIED', 'outside of the grant, also by one: it would take over addresses', 'ra.set', { network: 'lan', prefix })),
  ask('ra-foreign-port', 'NET_DENIED', 'a port that is no tap of the caller leads to a LAN that is not its', 'ra.set', { network: 'mixed', prefix: 'fd00:ae:0:2::/64' }),
  ask('ra-absent', 'NET_NOT_FOUND', 'a network that is not there', 'ra.set', { network: 'new', prefix: 'fd00:ae:0:2::/64' }),
  ask('ra-delete-in-use', 'NET_IN_USE', 'a network that has taps', 'bridge.delete', { network: 'lan' }),
]

export const HOSTILE_CASES = [...frames, ...envelopes, ...methods, ...names, ...links, ...grants, ...prefixes]
