/** A namespace of a test's own with the real helper in it, and what most tests ask of it. */
import type { Test } from 'tap'
import { startHelper, type TestHelper } from './helper-process.ts'
import { UID, untilItListens } from './links.ts'
import { openNamespace, type Namespace } from './namespace.ts'

/** What the usual principal has. */
export const GRANT = { bridges: ['br0', 'br1', 'br2'], prefix: 'fd00:ae::/32' }
/** Of the guest behind {@link onLan}. */
export const MAC = '52:54:00:12:34:56'
export const PREFIX = 'fd00:ae:0:1::/64'
export const lan = { uid: UID, kind: 'bridge', key: 'lan' } as const
export const onLan = { vm: 'abcdefgh', nic: 0, attach: { network: 'lan' }, mac: MAC }

export interface Host {
  readonly namespace: Namespace
  readonly helper: TestHelper
  /** By the usual principal, and without an error. */
  do(method: string, params?: object): Promise<Record<string, unknown>>
  /** Name of the error. */
  refusal(method: string, params?: object, uid?: number): Promise<string | undefined>
  ip(line: string): string
}

/** A host whose defaults are the worst for us: it forwards, and hears routers all the same. */
export async function startHost(t: Test, principals: Record<string, object> = { [UID]: GRANT }): Promise<Host> {
  const namespace = await openNamespace(t)
  namespace.ask('sh', '-c', 'cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding; echo 2 >ipv6/conf/default/accept_ra')
  const helper = await startHelper(t, namespace, principals)
  await untilItListens(helper, Object.keys(principals).map(Number))
  return {
    namespace,
    helper,
    async do(method, params) {
      const { result, error } = await helper.ask(UID, method, params)
      return result ?? { error }
    },
    refusal: async (method, params, uid = UID) => (await helper.ask(uid, method, params)).error?.data.name,
    ip: (line) => namespace.ask('ip', ...line.split(' ')),
  }
}
