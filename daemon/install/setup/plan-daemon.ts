/** PURE: the daemon as a service of its user, whose services run without anyone being logged in. */
import { UserError } from '../../../policy/errors.ts'
import { ownersPlaces, type Facts } from './facts.ts'
import type { SetupOptions } from './options.ts'
import { OBSERVERS, OWNER, programs, RUNTIME } from './places.ts'
import { UID, type Step } from './step.ts'

/** Writes stdin to "$1", whole or not at all. It runs as whose file it is: root would follow a link of theirs. */
const WRITE_FILE = 'umask 077 && mkdir -p "$(dirname "$1")" && cat >"$1.pending" && mv "$1.pending" "$1"'

export function planDaemon(options: SetupOptions, facts: Facts): Step[] {
  const { owner, present, active, texts, daemon } = facts
  const uid = owner.uid ?? UID
  const places = ownersPlaces(owner.home, uid, options.isForUser)
  const of = owner.name
  const manager = `user@${uid}.service`
  const mark = `/var/lib/systemd/linger/${owner.name}`
  const previous = texts.get(places.config)
  const text = settleConfig(previous, options.isForUser, places.config)
  const linger: Step = {
    says: `let the services of ${owner.name} run from boot on, without a login`,
    isDone: present.has(mark) && active.has(manager),
    made: [
      ...(present.has('/var/lib/systemd/linger') ? [] : [{ kind: 'folder', path: '/var/lib/systemd/linger' } as const]),
      ...(present.has(mark) ? [] : [{ kind: 'linger', user: owner.name, uid, of } as const]),
    ],
    // enabling answers before the manager runs; starting it waits
    actions: [{ run: [programs.loginctl, 'enable-linger', owner.name] }, { run: [programs.systemctl, 'start', manager] }],
  }
  const configure: Step = {
    says: `write the daemon's configuration ${places.config}`,
    isDone: text === previous,
    made: [{ kind: 'config', user: owner.name, path: places.config, previous: previous ?? null, of, folders: places.folders.filter((path) => !present.has(path)) }],
    actions: [{ run: [programs.sh, '-c', WRITE_FILE, 'sh', places.config], as: owner.name, input: text }],
  }
  const start: Step = {
    says: `start the daemon, a service of ${owner.name}, and wait until it answers`,
    isDone: daemon.isEnabled && daemon.answers && text === previous,
    made: [{ kind: 'daemon', user: owner.name, home: owner.home, of }],
    actions: [
      { run: [programs.systemctl, '--user', 'enable', 'aetherscaled.service'], as: owner.name },
      { run: [programs.systemctl, '--user', 'restart', 'aetherscaled.service'], as: owner.name },
      { awaitAnswer: places.socket },
    ],
  }
  return [linger, configure, start]
}

/** The file with the fields that setup is about; others stay. Throws SETUP_CONFLICT where one says something else. */
function settleConfig(previous: string | undefined, isForUser: boolean, path: string): string {
  const own = { serviceManager: 'systemd' }
  const wanted: Record<string, string> = isForUser ? own : { sockets: RUNTIME, controlGroup: OWNER, observeGroup: OBSERVERS, ...own }
  const conflict = (why: string, cause?: unknown) =>
    new UserError('SETUP_CONFLICT', `The configuration ${path} ${why}`, { hint: 'Change it, or move it away, and run setup again', cause })
  let found: Record<string, unknown> = {}
  try {
    if (previous !== undefined) found = JSON.parse(previous) as Record<string, unknown>
  } catch (cause) {
    throw conflict(`is not JSON: ${(cause as Error).message}`, cause)
  }
  const other = Object.keys(wanted).find((field) => Object.hasOwn(found, field) && found[field] !== wanted[field])
  if (other !== undefined) throw conflict(`has another "${other}" than setup would give it: ${JSON.stringify(found[other])}`)
  if (previous !== undefined && Object.keys(wanted).every((field) => Object.hasOwn(found, field))) return previous
  return `${JSON.stringify({ ...found, ...wanted }, null, 2)}\n`
}
