import t from 'tap'
import { lacksHosts, startHost } from './host-box.ts'
import { runIn } from './setup-box.ts'

t.setTimeout(600_000)
const skip = lacksHosts()

t.test('an uplink moves to its bridge, and back unless somebody confirms', { skip }, async (t) => {
  const host = await startHost(t, 'setup-bridge')
  // an uplink as on a server: addresses of both families, a default route of each, and a route of another table
  host.sh(`
    ip netns add world
    ip link add up0 type veth peer name w0 netns world
    ip link set up0 up; ip -n world link set w0 up; ip -n world link set lo up
    ip addr add 192.0.2.2/24 dev up0; ip addr add 192.0.2.77/32 dev up0; ip -6 addr add 2001:db8::2/64 dev up0 nodad
    ip -n world addr add 192.0.2.1/24 dev w0; ip -n world -6 addr add 2001:db8::1/64 dev w0 nodad
    ip -n world addr add 203.0.113.1/32 dev lo
    ip route add default via 192.0.2.1 dev up0 src 192.0.2.77; ip -6 route add default via 2001:db8::1 dev up0 metric 512
    ip route add 198.51.100.0/24 via 192.0.2.9 dev up0 table 100`)
  const routesOf = (link: string): string => `{ ip route show table all dev ${link}; ip -6 route show table all dev ${link}; } | grep -v fe80 | grep -v ff00 | sort`
  const addressesOf = (link: string): string => `ip -br address show ${link} | tr -s ' ' '\\n' | grep / | grep -v fe80 | sort`
  /** Addresses and routes of a link come to be those of before: some routes, and carriers, the kernel makes in its own time. */
  const becomesAsBefore = async (link: string): Promise<void> => {
    await host.until(addressesOf(link), (answer) => answer === before.addresses)
    await host.until(routesOf(link), (answer) => answer.replaceAll(link, 'up0') === before.routes)
    t.pass(`${link} is as up0 was`)
  }
  // something that answers from beyond the uplink
  const reaches = (): string => host.sh(`
    ip netns exec world socat -u TCP4-LISTEN:7,reuseaddr,bind=203.0.113.1 OPEN:/run/heard,creat,trunc &
    echo hello | socat -T 5 - TCP4:203.0.113.1:7,connect-timeout=5,retry=100,interval=0.1; wait; cat /run/heard`)
  const routes = await host.until(routesOf('up0'), (answer) => answer.includes('local 2001:db8::2') && !answer.includes('linkdown'))
  const before = { routes, addresses: host.sh(addressesOf('up0')) }
  t.equal(reaches(), 'hello')

  const refused = runIn(host, 'aetherscale setup --create-bridge br0 --uplink up0')
  t.equal(refused.status, 6, refused.output)
  t.match(refused.output, /only default route.*SETUP_ONLY_ROUTE/)
  t.match(runIn(host, 'aetherscale setup --yes --create-bridge lo --uplink up0').output, /SETUP_CONFLICT|INVALID_PARAMS/)

  host.sh('systemd-run --quiet --unit=first-try --property=RemainAfterExit=yes aetherscale setup --yes --create-bridge br0 --uplink up0')
  await host.until('ip -br link show master br0 2>/dev/null || true', (answer) => answer.startsWith('up0'))
  await host.until('journalctl -u first-try --no-pager', (answer) => answer.includes('--confirm'))
  await becomesAsBefore('br0')
  t.equal(host.sh(addressesOf('up0')), '')
  t.equal(reaches(), 'hello', 'over the bridge as well')
  // The session is lost with the network: what waits for a word is killed, and the way back does not need it.
  host.sh('systemctl kill --signal=KILL first-try.service; systemctl reset-failed first-try.service 2>/dev/null || true')
  await host.until('ls /sys/class/net', (answer) => !answer.includes('br0'))
  await becomesAsBefore('up0')
  t.equal(reaches(), 'hello', 'back by itself')

  host.sh('systemd-run --quiet --unit=second-try --property=RemainAfterExit=yes aetherscale setup --yes --create-bridge br0 --uplink up0')
  await host.until('journalctl -u second-try --no-pager', (answer) => answer.includes('--confirm'))
  t.match(runIn(host, 'aetherscale setup --confirm').output, /stays/)
  const printed = await host.until('journalctl -o cat -u second-try --no-pager', (answer) => answer.includes('[NetDev]'))
  for (const words of [/iface br0 inet static/, /address 192\.0\.2\.2\/24/, /bridge_ports up0/, /Kind=bridge/, /Gateway=192\.0\.2\.1/]) t.match(printed, words)
  t.match(runIn(host, 'aetherscale setup --confirm').output, /SETUP_CONFLICT/, 'once')
  t.equal(reaches(), 'hello')
  t.match(JSON.parse(host.sh('cat /etc/aetherscale/policy.json')), { principals: { aetherscale: { bridges: ['br0'] } } })
  t.match(runIn(host, 'aetherscale setup --yes --create-bridge br0 --uplink up0').output, /nothing to do/)

  t.equal(runIn(host, 'aetherscale setup --remove --purge --yes').status, 0)
  await becomesAsBefore('up0')
  t.notMatch(host.sh('ls /sys/class/net'), /br0/)
  t.equal(host.sh('ls -d /run/aetherscale* /etc/aetherscale* 2>/dev/null || true'), '')
})
