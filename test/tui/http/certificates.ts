/** Certificates by openssl(1): of a root of their own, with one between them and it. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type KeyKind = 'ec' | 'rsa'

/** In PEM. */
export interface Made {
  readonly root: Buffer
  readonly between: Buffer
  /** For localhost and 127.0.0.1. */
  readonly leaf: Buffer
  readonly key: Buffer
}

const newKey: Readonly<Record<KeyKind, readonly string[]>> = { ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'], rsa: ['-newkey', 'rsa:2048'] }

/** `days` may be negative: it has ended then. Files in `folder` are of the kind's name. */
export function makeCertificate(folder: string, kind: KeyKind, days = 2): Made {
  const file = (name: string): string => join(folder, `${kind}-${name}`)
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' })
  openssl('req', '-x509', ...newKey[kind], '-nodes', '-days', '2', '-subj', `/CN=root ${kind}`, '-keyout', file('root.key'), '-out', file('root.pem'))
  const sign = (name: string, by: string, extensions: string, validDays: number): void => {
    writeFileSync(file(`${name}.ext`), extensions)
    openssl('req', ...newKey[kind], '-nodes', '-subj', `/CN=${name} ${kind}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`))
    openssl('x509', '-req', '-in', file(`${name}.csr`), '-CA', file(`${by}.pem`), '-CAkey', file(`${by}.key`), '-set_serial', '7', '-days', String(validDays), '-extfile', file(`${name}.ext`), '-out', file(`${name}.pem`))
  }
  sign('between', 'root', 'basicConstraints=critical,CA:TRUE\n', 2)
  sign('leaf', 'between', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n', days)
  const read = (name: string): Buffer => readFileSync(file(name))
  return { root: read('root.pem'), between: read('between.pem'), leaf: read('leaf.pem'), key: read('leaf.key') }
}
